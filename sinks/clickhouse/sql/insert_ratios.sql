-- New revisions of one ratio: its two sides, each carried forward from the last day on which it changed.
INSERT INTO indicator_values
    (indicator, area, breakdown, day, value, numerator, denominator, provisional, known_at, refresh)
WITH
    series AS
    (
        SELECT area, breakdown, since
        FROM changed_series
        WHERE refresh = {refresh:UInt64} AND indicator = {ratio:String}
    ),
    latest AS
    (
        SELECT
            indicator, area, breakdown, day,
            argMax(indicator_values.value, indicator_values.refresh) AS value,
            argMax((indicator_values.numerator, indicator_values.denominator), indicator_values.refresh) AS sides
        FROM indicator_values
        WHERE indicator IN ({ratio:String}, {numerator:String}, {denominator:String})
            AND (area, breakdown) IN (SELECT area, breakdown FROM series)
        GROUP BY indicator, area, breakdown, day
    ),
    sides AS
    (
        SELECT
            area, breakdown, day,
            anyIf(CAST(value AS Nullable(Float64)), indicator = {numerator:String}) AS above,
            anyIf(CAST(value AS Nullable(Float64)), indicator = {denominator:String}) AS below,
            maxIf(CAST(sides.1 AS Nullable(Float64)), indicator = {ratio:String}) AS was_above,
            maxIf(CAST(sides.2 AS Nullable(Float64)), indicator = {ratio:String}) AS was_below
        FROM latest
        GROUP BY area, breakdown, day
    ),
    carried AS
    (
        SELECT
            area, breakdown, day, was_above, was_below,
            ifNull(last_value(above) IGNORE NULLS OVER run, 0) AS numerator,
            ifNull(last_value(below) IGNORE NULLS OVER run, 0) AS denominator
        FROM sides
        WINDOW run AS (
            PARTITION BY area, breakdown ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        )
    )
SELECT
    {ratio:String}, area, breakdown, day, if(denominator = 0, 0, numerator / denominator), numerator,
    denominator, day > {settled:Date32}, {known_at:DateTime64(3)}, {refresh:UInt64}
FROM carried INNER JOIN series USING (area, breakdown)
WHERE day >= since
    AND (isNull(was_above) OR was_above != numerator OR was_below != denominator)
