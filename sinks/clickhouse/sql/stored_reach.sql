-- How far each partition was stored: the offset behind its last noted record. An erasure's notes have no partition.
SELECT topic, partition, max(last_offset) + 1
FROM batches
WHERE partition >= 0
GROUP BY topic, partition
