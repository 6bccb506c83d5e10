-- Changes of rows that fail, or have not ended for an hour.
SELECT table, mutation_id, latest_fail_reason != '' AS fails
FROM system.mutations
WHERE database = currentDatabase() AND NOT is_done AND (latest_fail_reason != '' OR create_time < now() - 3600)
ORDER BY table, mutation_id
