-- Which steps of alerts other systems were told of, on the topic of alerts. It only grows: what is not in it is published,
-- perhaps once more after a crash. A note that vanished in a power cut would repeat an event that consumers saw days
-- ago, so each insert reaches the disk before it is acknowledged.
CREATE TABLE IF NOT EXISTS alert_events
(
    transition String COMMENT 'id in alert_log',
    at DateTime64(3, 'UTC') COMMENT 'real time, when the broker had confirmed it'
)
ENGINE = MergeTree ORDER BY transition
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
