-- Where a refused record has the pseudonym in its bytes, or in what was said of it.
SELECT DISTINCT topic, partition, offset
FROM quarantine
WHERE multiSearchAny(lower(concat(raw, detail)), (SELECT groupArray(lower(hex(person))) FROM erasing))
ORDER BY topic, partition, offset
