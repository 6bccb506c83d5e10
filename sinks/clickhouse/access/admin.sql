-- Whoever runs `bewithu migrate` and `bewithu access`: makes all tables and views, and may hand on what others are given.
GRANT{on_cluster} ALL ON {database}.* TO {user} WITH GRANT OPTION{replacing};
GRANT{on_cluster} ALL ON {area_databases}*.* TO {user} WITH GRANT OPTION;
GRANT{on_cluster}
    SELECT ON system.tables,
    SELECT ON system.columns,
    SELECT ON system.backups,
    SELECT ON system.disks,
    SELECT ON system.parts,
    SELECT ON system.replicas,
    SELECT ON system.processes,
    SELECT ON system.mutations,
    SELECT ON system.users,
    SELECT ON system.grants,
    SELECT ON system.databases,
    SELECT ON system.clusters,
    CREATE TEMPORARY TABLE ON *.*,
    REMOTE ON *.*
TO {user} WITH GRANT OPTION;
GRANT{on_cluster}
    CLUSTER ON *.*,
    CREATE USER, ALTER USER, CREATE ROLE, ALTER ROLE, ROLE ADMIN ON *.*,
    CREATE QUOTA, ALTER QUOTA, CREATE SETTINGS PROFILE, ALTER SETTINGS PROFILE ON *.*
TO {user};
