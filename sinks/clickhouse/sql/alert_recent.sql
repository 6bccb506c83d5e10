-- The newest transitions of all alerts, newest first.
SELECT id, rule, area, number, kind, at, since, indicator, day, value, threshold, provisional, reason
FROM (SELECT * FROM alert_log ORDER BY id, at LIMIT 1 BY id)
ORDER BY at DESC, rule, area, number DESC
LIMIT {count:UInt32}
