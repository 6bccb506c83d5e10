-- From which day on values moved that refreshes after one wrote, by indicator.
SELECT toString(moves.indicator) AS indicator, min(moves.day) AS day
FROM moves
WHERE refresh > {refresh:UInt64}
GROUP BY indicator
