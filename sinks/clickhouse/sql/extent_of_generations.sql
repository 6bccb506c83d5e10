-- Of each of these generations that has any steps or moves: how many, and their first and last day. Also of others: any of
-- the indicators in any of the numbers.
SELECT indicator, generation, sum(rows), min(first), max(last)
FROM
(
    SELECT toString(steps.indicator) AS indicator, generation, count() AS rows, min(day) AS first, max(day) AS last
    FROM steps
    WHERE steps.indicator IN {indicators:Array(String)} AND generation IN {generations:Array(UInt64)}
    GROUP BY steps.indicator, generation
    UNION ALL
    SELECT toString(moves.indicator) AS indicator, generation, count() AS rows, min(day) AS first, max(day) AS last
    FROM moves
    WHERE moves.indicator IN {indicators:Array(String)} AND generation IN {generations:Array(UInt64)}
    GROUP BY moves.indicator, generation
)
GROUP BY indicator, generation
