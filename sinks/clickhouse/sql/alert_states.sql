-- The last transition before a moment of every alert; of doubles the one that alerts.evaluate.latest would take.
SELECT id, rule, area, number, kind, at, since, indicator, day, value, threshold, provisional, reason
FROM alert_log
WHERE at < {before:DateTime64(3, 'UTC')}
ORDER BY rule, area, number DESC, multiIf(kind = 'firing', 3, kind = 'retracted', 2, kind = 'resolved', 1, 0) DESC, id DESC, at
LIMIT 1 BY rule, area
