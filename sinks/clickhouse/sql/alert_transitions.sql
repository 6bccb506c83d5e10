SELECT id, rule, area, number, kind, at, since, indicator, day, value, threshold, provisional, reason
FROM alert_log
WHERE id IN {ids:Array(String)}
ORDER BY rule, area, number, at
LIMIT 1 BY id
