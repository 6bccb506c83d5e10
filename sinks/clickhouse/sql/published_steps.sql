-- The newest revision of each value in a span of days; what held before the span comes as a row at its first day.
SELECT
    indicator,
    area,
    breakdown,
    greatest(day, {since:Date32}) AS at,
    argMax((value, numerator, denominator, provisional, known_at), (day, refresh)) AS latest
FROM indicator_values
WHERE indicator IN {indicators:Array(String)}
    AND area IN {areas:Array(String)}
    AND breakdown IN {breakdowns:Array(String)}
    AND day <= {until:Date32}
GROUP BY indicator, area, breakdown, at
ORDER BY indicator, area, breakdown, at
