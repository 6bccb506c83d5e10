-- Whether `raw` is not what was sent: masked or cut. Of older rows, and of those that an older worker writes during
-- an upgrade, only the stars are known: a record with a star of its own is then read from Kafka again, which is safe.
ALTER TABLE quarantine ADD COLUMN IF NOT EXISTS raw_altered Bool
DEFAULT length(raw) != raw_length OR position(raw, '*') > 0;

-- What became of refused records. It only grows, and a record's state is derived from it: accepted, else dropped,
-- else open. So a worker that reads an old record again cannot reopen what was decided, in whatever order they write.
CREATE TABLE IF NOT EXISTS quarantine_steps
(
    topic LowCardinality(String),
    partition Int32,
    offset Int64,
    kind Enum8('refused' = 1, 'unreadable' = 2, 'dropped' = 3, 'accepted' = 4)
        COMMENT 'refused and unreadable: a replay that failed',
    at DateTime64(3, 'UTC'),
    by String,
    why String
)
ENGINE = MergeTree ORDER BY (topic, partition, offset, at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
