-- The table with the most parts in one partition: the server delays inserts from 1000 on, and refuses them at 3000.
SELECT table, count() AS parts FROM system.parts WHERE active AND database = currentDatabase()
GROUP BY table, partition_id ORDER BY parts DESC, table LIMIT 1
