-- Where in Kafka the records of some batches are, of the topics that matter.
SELECT DISTINCT toString(batch) AS id, topic, partition, first_offset, last_offset, records, refused
FROM batches
WHERE topic IN {topics:Array(String)} AND batch IN {batches:Array(UUID)}
ORDER BY topic, partition, first_offset, id
