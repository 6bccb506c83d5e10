-- Stored batches that no finished refresh has taken in, oldest first.
SELECT batch, frames, topic, records
FROM batches
WHERE batch NOT IN (SELECT arrayJoin(batches) FROM refreshes)
ORDER BY known_at, batch
LIMIT {limit:UInt32}
