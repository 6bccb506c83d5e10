-- The transitions since a moment that people hear of, in their order.
SELECT id, rule, area, number, kind, at, since, indicator, day, value, threshold, provisional, reason
FROM (SELECT * FROM alert_log WHERE kind IN ('firing', 'reminded', 'resolved', 'retracted') ORDER BY id, at LIMIT 1 BY id)
WHERE at >= {moment:DateTime64(3, 'UTC')}
ORDER BY at, rule, area, number
