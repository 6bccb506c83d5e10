-- For each of these transitions the firing that it ends or repeats: the last one before it of the same rule and area.
SELECT ended.id, argMax(begun.id, begun.number)
FROM (SELECT id, rule, area, number FROM alert_log WHERE id IN {ids:Array(String)}) AS ended
INNER JOIN (SELECT id, rule, area, number FROM alert_log WHERE kind = 'firing') AS begun
    ON begun.rule = ended.rule AND begun.area = ended.area
WHERE begun.number < ended.number
GROUP BY ended.id
