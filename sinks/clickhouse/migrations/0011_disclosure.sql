-- Those that have left a window are summed apart now (bins 2 and 3, sinks/indicators/steps.py).
DROP VIEW IF EXISTS indicator_values;

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
        WHERE bin IN (0, 2) AND (indicator, generation) IN (SELECT indicator, newest FROM standing)
        GROUP BY indicator, area, breakdown, day
    )
    GROUP BY indicator, area, breakdown
)
ARRAY JOIN days, sums;

-- Of each indicator what is told of its values. Those that are not here are not told.
CREATE TABLE IF NOT EXISTS disclosure_rules
(
    indicator String,
    minimum_cell UInt32,
    round_to UInt32,
    has_count Bool,
    usual_delay_days UInt32,
    written_at DateTime64(6, 'UTC') DEFAULT now64(6)
)
ENGINE = ReplacingMergeTree(written_at) ORDER BY indicator
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- For dashboards: flows, sums, stocks and gaps as they may be told, a row for each day from which on another number is
-- told. It reads with the rights of who made it, so that its readers need none on the tables behind it. What is written
-- here is written in sinks/indicators/disclosure.py too; a test holds them against each other.
CREATE VIEW IF NOT EXISTS published_values SQL SECURITY DEFINER AS
WITH
    (SELECT max(known_at) FROM refreshes) AS complete_upto,
    standing AS
    (
        SELECT indicator, max(generation) AS newest, any(scale) AS units
        FROM generations
        WHERE upto = 257 AND kind IN ('flow', 'sum', 'stock', 'gap')
        GROUP BY indicator
    ),
    told AS
    (
        SELECT
            indicator, rules.usual_delay_days AS usual_delay_days, rules.has_count AS has_count,
            standing.newest AS newest, standing.units AS units,
            greatest(rules.minimum_cell, 1) AS persons_in_batch,
            if(rules.has_count, toInt64(greatest(rules.round_to, 1)) * if(rules.round_to > 0, units, 1), persons_in_batch)
                AS batch,
            rules.minimum_cell > 1 AS in_batches
        FROM (SELECT * FROM disclosure_rules FINAL) AS rules INNER JOIN standing ON standing.indicator = rules.indicator
    )
SELECT
    indicator, area, breakdown, shown.1 AS day, shown.2 AS value, shown.2 AS numerator, shown.3 AS denominator,
    shown.4 AS suppressed, day > toDate32(toTimeZone(now(), 'Europe/Brussels')) - usual_delay_days AS provisional,
    complete_upto AS known_at
FROM
(
    SELECT
        indicator, area, breakdown, usual_delay_days,
        arraySort(point -> point.1, points) AS sorted,
        arrayMap(
            (point, began, began_persons, left, left_persons) -> (
                point.1,
                ((intDiv(began, batch) - intDiv(left, batch)) * batch) / units,
                if(has_count, (intDiv(began_persons, persons_in_batch) - intDiv(left_persons, persons_in_batch))
                    * persons_in_batch, (intDiv(began, batch) - intDiv(left, batch)) * batch)
            ),
            sorted,
            arrayCumSum(arrayMap(point -> point.2.1, sorted)), arrayCumSum(arrayMap(point -> point.2.2, sorted)),
            arrayCumSum(arrayMap(point -> -point.2.3, sorted)), arrayCumSum(arrayMap(point -> -point.2.4, sorted))
        ) AS numbers,
        arrayMap(
            number -> if(
                in_batches AND number.3 <= 0,
                (number.1, NULL, NULL, true),
                -- Of nobody there is no amount.
                (number.1, if(has_count AND number.3 = 0, NULL, number.2), toFloat64(if(has_count, number.3, 1)), false)
            ),
            numbers
        ) AS all_told,
        arrayFilter(
            (each, before) -> toString((each.2, each.3, each.4)) != before,
            all_told,
            arrayPushFront(arrayPopBack(arrayMap(each -> toString((each.2, each.3, each.4)), all_told)), '')
        ) AS changes
    FROM
    (
        SELECT indicator, area, breakdown, groupArray((day, sums)) AS points, any(batch) AS batch,
            any(persons_in_batch) AS persons_in_batch, any(in_batches) AS in_batches, any(units) AS units,
            any(has_count) AS has_count, any(usual_delay_days) AS usual_delay_days
        FROM
        (
            SELECT
                toString(moves.indicator) AS indicator, toString(moves.area) AS area,
                toString(moves.breakdown) AS breakdown, day,
                (sumIf(delta, bin = 0), sumIf(delta, bin = 1), sumIf(delta, bin = 2), sumIf(delta, bin = 3)) AS sums,
                any(told.batch) AS batch, any(told.persons_in_batch) AS persons_in_batch,
                any(told.in_batches) AS in_batches, any(told.units) AS units, any(told.has_count) AS has_count,
                any(told.usual_delay_days) AS usual_delay_days
            FROM moves INNER JOIN told ON told.indicator = moves.indicator AND told.newest = moves.generation
            GROUP BY indicator, area, breakdown, day
        )
        GROUP BY indicator, area, breakdown
    )
)
ARRAY JOIN changes AS shown;
