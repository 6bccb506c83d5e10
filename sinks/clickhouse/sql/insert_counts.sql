-- New revisions of flows and stocks: the value before each series' first changed day, plus all steps since.
INSERT INTO indicator_values
    (indicator, area, breakdown, day, value, numerator, denominator, provisional, known_at, refresh)
SELECT
    indicator, area, breakdown, day, now, now, 1,
    day > {today:Date32} - transform(toString(indicator), {ids:Array(String)}, {delays:Array(Int32)}, 0),
    {known_at:DateTime64(3)}, {refresh:UInt64}
FROM
(
    SELECT
        indicator, area, breakdown, day, since, was, delta,
        ifNull(last_value(if(day < since, was, NULL)) IGNORE NULLS OVER run, 0) + sum(delta) OVER run AS now
    FROM
    (
        SELECT
            indicator, area, breakdown, day, since,
            toFloat64(sumIf(moment.delta, day >= since)) AS delta,
            max(moment.was) AS was
        FROM
        (
            SELECT
                indicator, area, breakdown, day, 0 AS delta,
                CAST(argMax(value, indicator_values.refresh) AS Nullable(Float64)) AS was
            FROM indicator_values
            WHERE indicator IN {changed:Array(String)} AND (indicator, area, breakdown) IN
                (SELECT indicator, area, breakdown FROM changed_series WHERE refresh = {refresh:UInt64})
            GROUP BY indicator, area, breakdown, day
            UNION ALL
            SELECT
                indicator,
                arrayJoin(joinGet('present_places', 'areas', toString(municipality))) AS area,
                arrayJoin(['', concat('sex=', sex), concat('age_group=', age_group)]) AS breakdown,
                day, sum(contributions.delta) AS delta, NULL AS was
            FROM contributions
            WHERE day >= {earliest:Date32} AND indicator IN {changed:Array(String)}
            GROUP BY indicator, day, municipality, sex, age_group
        ) AS moment
        INNER JOIN
        (
            SELECT indicator, area, breakdown, since FROM changed_series WHERE refresh = {refresh:UInt64}
        ) AS series USING (indicator, area, breakdown)
        GROUP BY indicator, area, breakdown, day, since
    )
    WINDOW run AS (
        PARTITION BY indicator, area, breakdown ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
)
WHERE day >= since AND if(isNull(was), delta != 0, was != now)
