-- The last refresh that was finished by each of some moments, which ascend; those without one of their own are left out.
WITH {moments:Array(DateTime64(3, 'UTC'))} AS moments
SELECT arrayFirstIndex(moment -> known_at <= moment, moments) AS number, max(refresh) AS last
FROM refreshes
GROUP BY number
HAVING number > 0
ORDER BY number
