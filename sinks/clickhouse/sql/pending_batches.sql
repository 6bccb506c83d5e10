-- Stored batches that no finished refresh has taken in, oldest first; beside each the last refresh that finished.
SELECT batch, frames, topic, (SELECT max(refresh) FROM refreshes) AS finished
FROM batches
WHERE batch NOT IN (SELECT arrayJoin(batches) FROM refreshes)
ORDER BY known_at, batch
LIMIT {limit:UInt32}
