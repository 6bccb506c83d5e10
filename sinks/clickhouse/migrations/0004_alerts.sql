-- What the rules decided and what was told to whom. Both tables only grow; readers drop doubles by id.
-- An alert that was noted as told and then vanished in a power cut would be told twice, one that was decided and
-- vanished never: so each insert reaches the disk before it is acknowledged.
CREATE TABLE IF NOT EXISTS alert_log
(
    id String COMMENT 'the same for the same step from the same state',
    rule LowCardinality(String),
    area LowCardinality(String) COMMENT 'NIS code, or BE',
    number UInt32 COMMENT 'first, second, … step of this rule in this area',
    kind Enum8('pending' = 1, 'dropped' = 2, 'firing' = 3, 'resolved' = 4),
    at DateTime64(3, 'UTC') COMMENT 'by the clock of the rules, which a replay drives',
    since DateTime64(3, 'UTC') COMMENT 'when the condition began to hold',
    indicator LowCardinality(String),
    day Date COMMENT 'of the value',
    value Float64,
    threshold Float64,
    provisional Bool,
    reason String,
    written_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = MergeTree ORDER BY (rule, area, number)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS mail_log
(
    message_id String,
    transition String COMMENT 'id in alert_log',
    coordinator String COMMENT 'e-mail address; empty in the note that says who was addressed',
    outcome Enum8('addressed' = 1, 'queued' = 2, 'sending' = 3, 'sent' = 4, 'retry' = 5, 'given_up' = 6),
    at DateTime64(3, 'UTC') COMMENT 'real time',
    detail String
)
ENGINE = MergeTree ORDER BY (transition, coordinator, at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
