-- Which definition each indicator's stored values rest on; another fingerprint means a rebuild.
CREATE TABLE IF NOT EXISTS indicator_definitions
(
    indicator String,
    fingerprint String,
    minimum_cell UInt32,
    rebuilt_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(rebuilt_at) ORDER BY indicator;

-- What each person (subject) adds to each indicator, as steps: from `day` on, the value of the cell is higher
-- by `delta`. A refresh appends target minus existing, so a repeated refresh appends nothing.
CREATE TABLE IF NOT EXISTS contributions
(
    indicator LowCardinality(String),
    subject FixedString(16),
    municipality LowCardinality(String),
    sex LowCardinality(String),
    age_group LowCardinality(String),
    day Date32,
    delta Int64,
    refresh UInt64,
    PROJECTION cells
    (
        SELECT indicator, day, municipality, sex, age_group, sum(delta)
        GROUP BY indicator, day, municipality, sex, age_group
    ),
    PROJECTION by_refresh
    (
        SELECT refresh, indicator, municipality, sex, age_group, min(day)
        GROUP BY refresh, indicator, municipality, sex, age_group
    )
)
ENGINE = MergeTree ORDER BY (subject, indicator) SETTINGS index_granularity = 256;

-- Every revision of every value. A value holds from `day` until the next day that has a row; rows of days to come
-- hold what is already known to leave a window then. So time alone never asks for a refresh.
-- An empty breakdown is the total; others read like sex=female or age_group=a18_34.
CREATE TABLE IF NOT EXISTS indicator_values
(
    indicator LowCardinality(String),
    area LowCardinality(String),
    breakdown LowCardinality(String),
    day Date32,
    value Float64,
    numerator Float64,
    denominator Float64,
    provisional Bool,
    known_at DateTime64(3, 'UTC'),
    refresh UInt64
)
ENGINE = MergeTree ORDER BY (indicator, area, breakdown, day, known_at, refresh);

-- Which series of values a refresh looks at anew, and from which day on.
CREATE TABLE IF NOT EXISTS changed_series
(
    refresh UInt64,
    indicator LowCardinality(String),
    area LowCardinality(String),
    breakdown LowCardinality(String),
    since Date32,
    stored_at DateTime DEFAULT now()
)
ENGINE = MergeTree ORDER BY (refresh, indicator, area, breakdown) TTL stored_at + INTERVAL 7 DAY;

-- A refresh writes here when all of its values are stored; what is missing here is done again.
CREATE TABLE IF NOT EXISTS refreshes
(
    refresh UInt64,
    known_at DateTime64(3, 'UTC'),
    batches Array(UUID),
    changed_values UInt64,
    milliseconds UInt32
)
ENGINE = MergeTree ORDER BY refresh;
