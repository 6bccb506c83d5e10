-- Who has seen which alert and looks after it. It only grows; the first of an alert counts.
CREATE TABLE IF NOT EXISTS acknowledgements
(
    rule String,
    area String,
    since DateTime64(3, 'UTC') COMMENT 'the alert''s, the same for all of its steps',
    author String,
    comment String,
    at DateTime64(3, 'UTC') COMMENT 'when it was written, in real time'
)
ENGINE = MergeTree ORDER BY (since, rule, area, at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
