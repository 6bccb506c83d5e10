-- Transitions that people may hear of and for which it was not decided yet who does.
SELECT id, rule, area, number, kind, at, since, indicator, day, value, threshold, provisional, reason
FROM alert_log
WHERE kind IN ('firing', 'reminded', 'resolved', 'retracted')
  AND id NOT IN (SELECT transition FROM mail_log WHERE outcome = 'addressed')
ORDER BY rule, area, number, at
LIMIT 1 BY id
