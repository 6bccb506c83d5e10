-- Steps and values are worked out in the worker (sinks/indicators): what only helped to do it here goes.
DROP TABLE IF EXISTS changed_series;
DROP TABLE IF EXISTS present_places;
ALTER TABLE contributions DROP PROJECTION IF EXISTS cells;
