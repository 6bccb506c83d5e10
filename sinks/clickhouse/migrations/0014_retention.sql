-- The old events that are being taken out, while they are, the first day of which events of the type are kept, and the
-- refresh that their steps are handed over under.
-- Statements name this table and no person, so that no log of the server keeps a pseudonym.
CREATE TABLE IF NOT EXISTS forgetting
(event_type LowCardinality(String), before Date32, subject FixedString(16), event_id UUID, refresh UInt64)
ENGINE = MergeTree ORDER BY (event_type, subject, event_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- Steps that add up to nothing within each refresh, by their hashes, while they are being taken out.
CREATE TABLE IF NOT EXISTS spent_steps (subject FixedString(16), step UInt64)
ENGINE = MergeTree ORDER BY subject
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- How many events of each agency were forgotten. Noted again after a crash, when some of them may be gone: the highest counts.
CREATE TABLE IF NOT EXISTS forgotten
(
    refresh UInt64,
    event_type LowCardinality(String),
    agency String,
    before Date32,
    facts SimpleAggregateFunction(max, UInt64),
    at SimpleAggregateFunction(min, DateTime64(3, 'UTC'))
)
ENGINE = AggregatingMergeTree ORDER BY (refresh, event_type, before, agency)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
