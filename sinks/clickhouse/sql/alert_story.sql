-- All steps of one rule in one area, in their order.
SELECT id, rule, area, number, kind, at, since, indicator, day, value, threshold, provisional, reason
FROM (SELECT * FROM alert_log WHERE rule = {rule:String} AND area = {area:String} ORDER BY id, at LIMIT 1 BY id)
ORDER BY number, at
