-- The view reads with the rights of whoever keeps the tables, whoever made it: its readers have none on them.
ALTER TABLE {database}.{view}{on_cluster} MODIFY DEFINER = {maker} SQL SECURITY DEFINER;
