-- Who wants not to be told of which alerts, and why. It only grows: a silence that is changed or ended is written again.
CREATE TABLE IF NOT EXISTS silences
(
    id String,
    at DateTime64(3, 'UTC') COMMENT 'when it was written; the last one counts',
    author String,
    reason String,
    begins DateTime64(3, 'UTC'),
    ends DateTime64(3, 'UTC'),
    matchers Map(String, String) COMMENT 'rule, area, severity or a label; all must be so'
)
ENGINE = MergeTree ORDER BY (id, at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
