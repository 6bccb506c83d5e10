-- The offsets of stored batches; a batch that came again overlaps.
SELECT topic, partition, first_offset, max(last_offset)
FROM batches
GROUP BY topic, partition, first_offset
ORDER BY topic, partition, first_offset
