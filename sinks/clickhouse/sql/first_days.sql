-- The first day of every series of some indicators.
SELECT area, breakdown, min(day)
FROM indicator_values
WHERE indicator IN {indicators:Array(String)}
GROUP BY area, breakdown
