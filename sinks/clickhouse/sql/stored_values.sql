-- The last revision of each value since a day, and of the last one before, under the day before; beside it the value
-- that the last finished refresh left, and the newest refresh that wrote any.
SELECT
    toString(indicator_values.indicator) AS indicator,
    toString(indicator_values.area) AS area,
    toString(indicator_values.breakdown) AS breakdown,
    greatest(indicator_values.day, {day_before:Date32}) AS day,
    argMax(indicator_values.value, (indicator_values.day, refresh)) AS value,
    argMax(indicator_values.numerator, (indicator_values.day, refresh)) AS numerator,
    argMax(indicator_values.denominator, (indicator_values.day, refresh)) AS denominator,
    if(
        min(refresh) <= {finished:UInt64},
        argMaxIf(indicator_values.value, (indicator_values.day, refresh), refresh <= {finished:UInt64}),
        NULL
    ) AS settled,
    max(refresh) AS newest
FROM indicator_values
WHERE indicator_values.indicator IN {indicators:Array(String)} AND indicator_values.area IN {areas:Array(String)}
    AND (empty({breakdowns:Array(String)}) OR indicator_values.breakdown IN {breakdowns:Array(String)})
GROUP BY indicator, area, breakdown, day
