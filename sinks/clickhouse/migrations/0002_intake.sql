-- One row per stored batch of one partition, written before its offsets are committed.
CREATE TABLE IF NOT EXISTS batches
(
    batch UUID DEFAULT generateUUIDv7(),
    -- numbers of the frames that it was stored in: keys of refused and touched
    frames Array(UInt64),
    topic LowCardinality(String),
    partition Int32,
    first_offset Int64,
    last_offset Int64,
    records UInt32,
    refused UInt32,
    known_at DateTime64(3, 'UTC')
)
ENGINE = MergeTree ORDER BY (topic, partition, first_offset);

-- Where a frame broke the contract's rules; the ingest step explains it and fills the quarantine.
CREATE TABLE IF NOT EXISTS refused
(
    frame UInt64,
    offset Int64,
    -- the server's own time: known_at may be that of a replay, long past
    stored_at DateTime DEFAULT now()
)
ENGINE = MergeTree ORDER BY frame TTL stored_at + INTERVAL 7 DAY;

-- Which persons a batch touched: the next refresh recomputes these and nobody else.
CREATE TABLE IF NOT EXISTS touched
(
    frame UInt64,
    subject FixedString(16)
)
ENGINE = MergeTree ORDER BY frame;

-- Every refused record, once, by its place in Kafka. `raw` has the digits of identities masked.
CREATE TABLE IF NOT EXISTS quarantine
(
    topic LowCardinality(String),
    partition Int32,
    offset Int64,
    agency LowCardinality(String),
    event_id Nullable(UUID),
    reason LowCardinality(String),
    field LowCardinality(String),
    detail String,
    raw String CODEC(ZSTD(3)),
    raw_length UInt64,
    kafka_time DateTime64(3, 'UTC'),
    known_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree ORDER BY (topic, partition, offset)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
