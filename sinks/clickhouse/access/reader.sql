CREATE ROLE IF NOT EXISTS {role}{on_cluster} SETTINGS PROFILE 'bewithu_reader';
GRANT{on_cluster} SELECT ON {readable} TO {role} WITH REPLACE OPTION;
GRANT{on_cluster} {role} TO {user} WITH REPLACE OPTION;
ALTER USER {user}{on_cluster} DEFAULT ROLE {role} DEFAULT DATABASE {database} SETTINGS PROFILE 'bewithu_reader';
CREATE QUOTA IF NOT EXISTS {user}{on_cluster} TO {user};
ALTER QUOTA {user}{on_cluster} KEYED BY user_name
    FOR INTERVAL 1 hour MAX queries = 20000, errors = 2000, result_rows = 20000000, execution_time = 3600 TO {user};
