-- New revisions of ratios: their two sides, each carried forward from the last day on which it changed.
-- `parts` has what each ratio is made of: its id, an indicator, and what that is to it.
INSERT INTO indicator_values
    (indicator, area, breakdown, day, value, numerator, denominator, provisional, known_at, refresh)
SELECT
    ratio, area, breakdown, day, if(denominator = 0, 0, numerator / denominator), numerator, denominator,
    day > {today:Date32} - transform(ratio, {ids:Array(String)}, {delays:Array(Int32)}, 0),
    {known_at:DateTime64(3)}, {refresh:UInt64}
FROM
(
    SELECT
        ratio, area, breakdown, day, was_above, was_below,
        ifNull(last_value(above) IGNORE NULLS OVER run, 0) AS numerator,
        ifNull(last_value(below) IGNORE NULLS OVER run, 0) AS denominator
    FROM
    (
        SELECT
            part.1 AS ratio, area, breakdown, day,
            anyIf(CAST(latest.1 AS Nullable(Float64)), part.3 = 'numerator') AS above,
            anyIf(CAST(latest.1 AS Nullable(Float64)), part.3 = 'denominator') AS below,
            anyIf(CAST(latest.2 AS Nullable(Float64)), part.3 = 'itself') AS was_above,
            anyIf(CAST(latest.3 AS Nullable(Float64)), part.3 = 'itself') AS was_below
        FROM
        (
            SELECT
                indicator, area, breakdown, day,
                argMax((value, numerator, denominator), indicator_values.refresh) AS latest
            FROM indicator_values
            WHERE indicator IN {indicators:Array(String)}
                AND (area, breakdown) IN
                (
                    SELECT area, breakdown FROM changed_series
                    WHERE refresh = {refresh:UInt64} AND indicator IN {ids:Array(String)}
                )
            GROUP BY indicator, area, breakdown, day
        )
        ARRAY JOIN arrayFilter(part -> part.2 = indicator, {parts:Array(Tuple(String, String, String))}) AS part
        GROUP BY ratio, area, breakdown, day
    )
    WINDOW run AS (
        PARTITION BY ratio, area, breakdown ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
) AS carried
INNER JOIN
(
    SELECT indicator AS ratio, area, breakdown, since FROM changed_series WHERE refresh = {refresh:UInt64}
) AS series USING (ratio, area, breakdown)
WHERE day >= since AND (isNull(was_above) OR was_above != numerator OR was_below != denominator)
