-- Tables of this server's that take no writes, lag behind, or miss a replica; none without a cluster.
SELECT table, is_readonly, absolute_delay, total_replicas, active_replicas
FROM system.replicas
WHERE database = currentDatabase() AND (is_readonly OR absolute_delay > 300 OR active_replicas < total_replicas)
ORDER BY table
