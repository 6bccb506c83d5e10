-- The places of refused records; {which} is a condition.
SELECT DISTINCT topic, partition, offset
FROM quarantine
WHERE {which}
ORDER BY topic, partition, offset
