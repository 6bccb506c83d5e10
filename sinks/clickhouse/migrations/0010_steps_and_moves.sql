-- Every value is a sum: of steps that subjects make, kept by subject, and of moves, the same by area and breakdown. A
-- value of a day is the sum of its moves up to that day, so a late event alters one day and rewrites none.
-- What was kept before goes: steps and values are worked out anew from the facts.
DROP TABLE IF EXISTS contributions;
DROP TABLE IF EXISTS indicator_values;
DROP TABLE IF EXISTS indicator_definitions;

-- The definition that an indicator's steps and moves follow. While a generation is worked out (`upto` of 256 parts of all
-- subjects, then its moves), readers have the one before; at 257 it stands.
CREATE TABLE IF NOT EXISTS generations
(
    indicator String,
    generation UInt64,
    fingerprint String,
    kind LowCardinality(String),
    scale UInt32,
    upto UInt16,
    known_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree ORDER BY (indicator, generation, upto)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- What each subject adds: from `day` on, the cell is higher by `delta`. A refresh appends target minus existing, so a
-- repeated one appends nothing. `bin` tells apart what is summed apart (sinks/indicators/steps.py).
CREATE TABLE IF NOT EXISTS steps
(
    indicator LowCardinality(String),
    generation UInt64,
    subject FixedString(16),
    municipality LowCardinality(String),
    cell LowCardinality(String),
    day Date32,
    bin Int32,
    delta Int64,
    refresh UInt64,
    INDEX written_by refresh TYPE minmax GRANULARITY 4
)
ENGINE = MergeTree ORDER BY (subject, indicator, generation)
SETTINGS index_granularity = 256, fsync_after_insert = 1, fsync_part_directory = 1;

-- The steps of each refresh by area and breakdown, in one insert of one block: all of it is there or nothing. Merges sum
-- up what has the same key, so what a reader sums does not grow with the number of refreshes; what was known earlier is
-- read from the steps.
CREATE TABLE IF NOT EXISTS moves
(
    indicator LowCardinality(String),
    generation UInt64,
    area LowCardinality(String),
    breakdown LowCardinality(String),
    day Date32,
    bin Int32,
    delta SimpleAggregateFunction(sum, Int64),
    known_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    refresh SimpleAggregateFunction(max, UInt64),
    INDEX written_by refresh TYPE minmax GRANULARITY 1
)
ENGINE = AggregatingMergeTree ORDER BY (indicator, generation, area, breakdown, day, bin)
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1;

-- The values of flows, sums, stocks and gaps, a row for each day on which one changes; small cells among them, so nothing
-- that is published reads it. Other kinds are worked out from these, or from bins (sinks/clickhouse/value_reader.py).
CREATE VIEW IF NOT EXISTS indicator_values AS
WITH
    standing AS
    (
        SELECT indicator, max(generation) AS newest, any(scale) AS units
        FROM generations
        WHERE upto = 257 AND kind IN ('flow', 'sum', 'stock', 'gap')
        GROUP BY indicator
    ),
    (SELECT mapFromArrays(groupArray(indicator), groupArray(units)) FROM standing) AS scales
SELECT indicator, area, breakdown, days.1 AS day, sums / scales[indicator] AS value, value AS numerator,
    toFloat64(1) AS denominator, days.2 AS known_at
FROM
(
    SELECT
        toString(indicator) AS indicator, area, breakdown,
        arraySort(groupArray((day, known_at, delta))) AS points,
        arrayMap(point -> (point.1, point.2), points) AS days,
        arrayCumSum(arrayMap(point -> point.3, points)) AS sums
    FROM
    (
        SELECT indicator, area, breakdown, day, sum(moves.delta) AS delta, max(moves.known_at) AS known_at
        FROM moves
        WHERE bin = 0 AND (indicator, generation) IN (SELECT indicator, newest FROM standing)
        GROUP BY indicator, area, breakdown, day
    )
    GROUP BY indicator, area, breakdown
)
ARRAY JOIN days, sums;

-- When the server took them, by which the next refresh looks for what is new: without it, it would compare all batches
-- that there ever were with all refreshes.
ALTER TABLE batches ADD COLUMN IF NOT EXISTS stored_at DateTime DEFAULT now();
ALTER TABLE batches ADD INDEX IF NOT EXISTS by_time stored_at TYPE minmax GRANULARITY 1;
ALTER TABLE refreshes ADD COLUMN IF NOT EXISTS stored_at DateTime DEFAULT now();
ALTER TABLE refreshes ADD INDEX IF NOT EXISTS by_time stored_at TYPE minmax GRANULARITY 1;
