-- Of each of these generations that has any steps: how many, and their first and last day.
SELECT toString(steps.indicator), generation, count(), min(day), max(day)
FROM steps
WHERE steps.indicator IN {indicators:Array(String)} AND generation IN {generations:Array(UInt64)}
GROUP BY steps.indicator, generation
