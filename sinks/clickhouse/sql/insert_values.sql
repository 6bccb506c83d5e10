-- New revisions of flows and stocks: the value before each series' first changed day, plus all steps since.
INSERT INTO indicator_values
    (indicator, area, breakdown, day, value, numerator, denominator, provisional, known_at, refresh)
WITH
    series AS
    (
        SELECT indicator, area, breakdown, since FROM changed_series WHERE refresh = {refresh:UInt64}
    ),
    stored AS
    (
        SELECT indicator, area, breakdown, day, argMax(value, indicator_values.refresh) AS value
        FROM indicator_values
        WHERE (indicator, area, breakdown) IN (SELECT indicator, area, breakdown FROM series)
        GROUP BY indicator, area, breakdown, day
    ),
    before AS
    (
        SELECT indicator, area, breakdown, argMax(stored.value, stored.day) AS value
        FROM stored INNER JOIN series USING (indicator, area, breakdown)
        WHERE stored.day < series.since
        GROUP BY indicator, area, breakdown
    ),
    cells AS
    (
        SELECT indicator, day, municipality, sex, age_group, sum(delta) AS delta
        FROM contributions
        WHERE indicator IN (SELECT indicator FROM series) AND day >= (SELECT min(since) FROM series)
        GROUP BY indicator, day, municipality, sex, age_group
    ),
    steps AS
    (
        SELECT
            cells.indicator AS indicator,
            cells.day AS day,
            cells.delta AS delta,
            arrayJoin(place.areas) AS area,
            arrayJoin(['', concat('sex=', cells.sex), concat('age_group=', cells.age_group)]) AS breakdown
        FROM cells
        INNER JOIN (SELECT DISTINCT current_nis, areas FROM municipalities FINAL) AS place
            ON place.current_nis = cells.municipality
    ),
    moments AS
    (
        SELECT indicator, area, breakdown, day, sum(delta) AS delta, max(was) AS was
        FROM
        (
            SELECT indicator, area, breakdown, day, steps.delta AS delta, CAST(NULL AS Nullable(Float64)) AS was
            FROM steps INNER JOIN series USING (indicator, area, breakdown)
            WHERE steps.day >= series.since
            UNION ALL
            SELECT indicator, area, breakdown, day, 0 AS delta, CAST(stored.value AS Nullable(Float64)) AS was
            FROM stored INNER JOIN series USING (indicator, area, breakdown)
            WHERE stored.day >= series.since
        )
        GROUP BY indicator, area, breakdown, day
    )
SELECT
    indicator, area, breakdown, day, value, value, 1,
    day > {today:Date32} - transform(toString(indicator), {ids:Array(String)}, {delays:Array(Int32)}, 0),
    {known_at:DateTime64(3)}, {refresh:UInt64}
FROM
(
    SELECT
        moments.indicator AS indicator,
        moments.area AS area,
        moments.breakdown AS breakdown,
        moments.day AS day,
        moments.delta AS delta,
        moments.was AS was,
        toFloat64(before.value + sum(moments.delta) OVER (
            PARTITION BY moments.indicator, moments.area, moments.breakdown ORDER BY moments.day
        )) AS value
    FROM moments
    LEFT JOIN before USING (indicator, area, breakdown)
)
WHERE if(isNull(was), delta != 0, was != value)
