CREATE OR REPLACE VIEW {area_database}.{view}{on_cluster} DEFINER = {maker} SQL SECURITY DEFINER AS
SELECT * FROM {database}.{view};
