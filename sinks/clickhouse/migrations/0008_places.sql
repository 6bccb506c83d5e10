-- Today's municipality and all areas around it, for every code there ever was: looked up by refreshes, where a join
-- would cost planning in each. Loaded with the areas; a later row replaces an earlier one.
CREATE TABLE IF NOT EXISTS present_places
(
    nis String,
    current_nis LowCardinality(String),
    areas Array(LowCardinality(String))
)
ENGINE = Join(ANY, LEFT, nis) SETTINGS join_any_take_last_row = 1;

-- What a refresh wrote is asked for after each: only its own part needs to be read for that. The projection that did
-- this for contributions made a part of its own with every insert.
ALTER TABLE indicator_values ADD INDEX IF NOT EXISTS written_by refresh TYPE minmax GRANULARITY 1;
ALTER TABLE contributions DROP PROJECTION IF EXISTS by_refresh;
ALTER TABLE contributions ADD INDEX IF NOT EXISTS written_by refresh TYPE minmax GRANULARITY 4;

-- Scratch of a refresh: one that begins again after a loss of power writes its own.
ALTER TABLE changed_series MODIFY SETTING fsync_after_insert = 0, fsync_part_directory = 0;
