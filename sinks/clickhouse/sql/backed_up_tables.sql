-- What is backed up: all that is written. Landing tables and views are made from contracts and migrations.
SELECT name
FROM system.tables
WHERE database = currentDatabase() AND engine NOT IN ('Null', 'Memory', 'MaterializedView', 'View')
    AND name != 'backup_contents'
ORDER BY name
