-- What dashboards read. Every view here tells what the board, the API and the mails tell, or less of it, with the rights of
-- who made it; docs/decisions/0005-disclosure-control.md has the reasons, and tests hold each against the Python path.

-- What indicators are, as far as readers of values need it. A write is of all of them: the newest one counts, so that what
-- is defined no longer is gone.
CREATE TABLE IF NOT EXISTS catalogue
(
    indicator String,
    kind LowCardinality(String),
    unit LowCardinality(String),
    headline UInt16 COMMENT 'its place among the headlines, 0 where it is none',
    minimum_cell UInt32,
    counts_persons Bool,
    usual_delay_days UInt32,
    publishers Array(String),
    breakdowns Array(String) COMMENT 'every breakdown that there may be',
    first String COMMENT 'what it is worked out from, itself where it is counted',
    second String,
    days UInt32 COMMENT 'so many days earlier the second is looked at',
    per UInt32,
    written_at DateTime64(6, 'UTC')
)
ENGINE = MergeTree ORDER BY (written_at, indicator)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- Names in the four languages of what has none in a table of its own: indicators and their explanations, agencies, breakdowns.
CREATE TABLE IF NOT EXISTS names
(
    sort LowCardinality(String),
    id String,
    nl String,
    fr String,
    de String,
    en String,
    written_at DateTime64(6, 'UTC')
)
ENGINE = MergeTree ORDER BY (written_at, sort, id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS rule_severities (rule String, severity LowCardinality(String), written_at DateTime64(6, 'UTC'))
ENGINE = MergeTree ORDER BY (written_at, rule)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- How each agency's feed did at some moments; a row where it did otherwise than before. To count the facts takes too
-- long for a dashboard, so the leader does it now and then. It can be lost: the next count writes it again.
CREATE TABLE IF NOT EXISTS feeds
(
    agency String,
    at DateTime64(3, 'UTC') COMMENT 'by the clock of the values, which a replay drives',
    recorded_at Nullable(DateTime64(3, 'UTC')),
    seen_at Nullable(DateTime64(3, 'UTC')),
    accepted UInt64 COMMENT 'events in whole batches',
    refused UInt64,
    stored_at DateTime DEFAULT now()
)
ENGINE = MergeTree ORDER BY (agency, at) TTL stored_at + INTERVAL 90 DAY;

-- How each indicator is told, and the generation that readers have. What is written here and below is written in
-- sinks/indicators/disclosure.py too; tests hold them against each other.
CREATE VIEW IF NOT EXISTS telling AS
SELECT
    indicator, rules.usual_delay_days AS usual_delay_days, rules.has_count AS has_count,
    standing.of_kind = 'completeness' AS is_share, standing.newest AS newest, standing.units AS units,
    rules.minimum_cell > 1 AS in_batches, greatest(rules.minimum_cell, 1) AS persons_in_batch,
    if(rules.has_count, toInt64(greatest(rules.round_to, 1)) * if(rules.round_to > 0, units, 1), persons_in_batch) AS batch
FROM (SELECT * FROM disclosure_rules FINAL) AS rules
INNER JOIN
(
    SELECT indicator, max(generation) AS newest, any(scale) AS units, any(kind) AS of_kind
    FROM generations
    WHERE upto = 257 AND kind IN ('flow', 'sum', 'stock', 'gap', 'completeness')
    GROUP BY indicator
) AS standing ON standing.indicator = rules.indicator;

-- As in the eleventh migration, but without the first rows of a series that are suppressed: they told when somebody first
-- counted in a cell of few, and that somebody did. What is not here is less than a batch, or nothing.
DROP VIEW IF EXISTS published_values;

CREATE VIEW IF NOT EXISTS published_values SQL SECURITY DEFINER AS
WITH (SELECT max(known_at) FROM refreshes) AS complete_upto
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
                if(
                    is_share,
                    (began - left) / (began_persons - left_persons),
                    ((intDiv(began, batch) - intDiv(left, batch)) * batch) / units
                ),
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
        ) AS each_day,
        arraySlice(each_day, arrayFirstIndex(each -> NOT each.4, each_day)) AS from_first,
        if(arrayExists(each -> NOT each.4, each_day), from_first, []) AS all_told,
        arrayMap(each -> toString((each.2, each.3, each.4)), all_told) AS texts,
        arrayFilter(
            (each, text, before) -> text != before,
            all_told, texts, arraySlice(arrayPushFront(texts, ''), 1, length(texts))
        ) AS changes
    FROM
    (
        SELECT indicator, area, breakdown, groupArray((day, sums)) AS points, any(batch) AS batch,
            any(persons_in_batch) AS persons_in_batch, any(in_batches) AS in_batches, any(units) AS units,
            any(has_count) AS has_count, any(is_share) AS is_share, any(usual_delay_days) AS usual_delay_days
        FROM
        (
            SELECT
                toString(moves.indicator) AS indicator, toString(moves.area) AS area,
                toString(moves.breakdown) AS breakdown, day,
                (sumIf(delta, bin = 0), sumIf(delta, bin = 1), sumIf(delta, bin = 2), sumIf(delta, bin = 3)) AS sums,
                any(told.batch) AS batch, any(told.persons_in_batch) AS persons_in_batch,
                any(told.in_batches) AS in_batches, any(told.units) AS units, any(told.has_count) AS has_count,
                any(told.is_share) AS is_share, any(told.usual_delay_days) AS usual_delay_days
            FROM moves
            INNER JOIN telling AS told ON told.indicator = moves.indicator AND told.newest = moves.generation
            GROUP BY indicator, area, breakdown, day
        )
        GROUP BY indicator, area, breakdown
    )
)
ARRAY JOIN changes AS shown;

-- The same on each day, for readers that name one day, or a few: it then sums up and sorts nothing. Where persons are told
-- in batches, what is not here is less than a batch, or nothing; elsewhere it is nothing.
CREATE VIEW IF NOT EXISTS published_days SQL SECURITY DEFINER AS
SELECT
    sums.indicator AS indicator, area, breakdown, day,
    (intDiv(began, told.batch) - intDiv(left, told.batch)) * told.batch AS whole,
    if(
        told.has_count,
        (intDiv(began_persons, told.persons_in_batch) - intDiv(left_persons, told.persons_in_batch)) * told.persons_in_batch,
        whole
    ) AS persons,
    -- Of nobody there is no amount.
    if(
        told.has_count AND persons = 0,
        NULL,
        if(told.is_share, (began - left) / (began_persons - left_persons), whole / told.units)
    ) AS value,
    toFloat64(if(told.has_count, persons, 1)) AS denominator,
    day > toDate32(toTimeZone(now(), 'Europe/Brussels')) - told.usual_delay_days AS provisional
FROM
(
    SELECT
        moves.indicator AS indicator, generation, area, breakdown, days.day AS day,
        sumIf(delta, bin = 0) AS began, -sumIf(delta, bin = 2) AS left,
        sumIf(delta, bin = 1) AS began_persons, -sumIf(delta, bin = 3) AS left_persons
    FROM moves CROSS JOIN (SELECT toDate32('2000-01-01') + number AS day FROM numbers(73000)) AS days
    WHERE moves.day <= days.day
    GROUP BY indicator, generation, area, breakdown, day
) AS sums
INNER JOIN telling AS told ON told.indicator = sums.indicator AND told.newest = sums.generation
WHERE NOT told.in_batches OR persons > 0;

-- What was told of a value from the day on which it became known: `Explanations.learned` for every place and day. Readers
-- name an indicator, an area and a day.
CREATE VIEW IF NOT EXISTS published_revisions SQL SECURITY DEFINER AS
SELECT indicator, area, day, shown.1 AS known_on, shown.2 AS value
FROM
(
    SELECT
        indicator, area, day,
        arraySort(point -> point.1, points) AS sorted,
        arrayMap(
            (point, began, began_persons, left, left_persons) -> (
                point.1,
                ((intDiv(began, batch) - intDiv(left, batch)) * batch) / units,
                if(has_count, intDiv(began_persons, in_batch) - intDiv(left_persons, in_batch),
                    intDiv(began, batch) - intDiv(left, batch))
            ),
            sorted,
            arrayCumSum(arrayMap(point -> point.2.1, sorted)), arrayCumSum(arrayMap(point -> point.2.2, sorted)),
            arrayCumSum(arrayMap(point -> -point.2.3, sorted)), arrayCumSum(arrayMap(point -> -point.2.4, sorted))
        ) AS numbers,
        arrayMap(number -> (number.1, if(in_batches AND number.3 <= 0, NULL, number.2)), numbers) AS all_told,
        -- As with values, what is suppressed at first is not told.
        arrayFilter(
            (each, before) -> ifNull(toString(each.2), '') != before,
            all_told,
            arrayPushFront(arrayPopBack(arrayMap(each -> ifNull(toString(each.2), ''), all_told)), '')
        ) AS changes
    FROM
    (
        SELECT indicator, area, day, groupArray((known_on, sums)) AS points, any(batch) AS batch,
            any(in_batch) AS in_batch, any(in_batches) AS in_batches, any(units) AS units, any(has_count) AS has_count
        FROM
        (
            SELECT
                known.indicator AS indicator, known.area AS area, known.day AS day,
                toDate32(toTimeZone(finished.known_at, 'Europe/Brussels')) AS known_on,
                (sum(known.began), sum(known.began_persons), sum(known.left), sum(known.left_persons)) AS sums,
                any(known.batch) AS batch, any(known.in_batch) AS in_batch, any(known.in_batches) AS in_batches,
                any(known.units) AS units, any(known.has_count) AS has_count
            FROM
            (
                SELECT
                    1 AS one, toString(steps.indicator) AS indicator, places.area AS area, days.day AS day,
                    steps.refresh AS refresh,
                    sumIf(delta, bin = 0) AS began, sumIf(delta, bin = 1) AS began_persons,
                    sumIf(delta, bin = 2) AS left, sumIf(delta, bin = 3) AS left_persons,
                    any(told.batch) AS batch, any(told.persons_in_batch) AS in_batch,
                    any(told.in_batches) AS in_batches, any(told.units) AS units, any(told.has_count) AS has_count
                FROM steps
                INNER JOIN telling AS told ON told.indicator = steps.indicator AND told.newest = steps.generation
                INNER JOIN
                (
                    SELECT DISTINCT toString(current_nis) AS municipality, toString(arrayJoin(areas)) AS area
                    FROM municipalities FINAL
                ) AS places ON places.municipality = steps.municipality
                CROSS JOIN (SELECT toDate32('2000-01-01') + number AS day FROM numbers(73000)) AS days
                WHERE steps.day <= days.day AND NOT told.is_share
                GROUP BY indicator, area, day, refresh
            ) AS known
            -- Steps of one refresh are written under several numbers: the next refresh that finished says when.
            ASOF INNER JOIN (SELECT 1 AS one, refresh, known_at FROM refreshes) AS finished
                ON finished.one = known.one AND finished.refresh >= known.refresh
            GROUP BY indicator, area, day, known_on
        )
        GROUP BY indicator, area, day
    )
)
ARRAY JOIN changes AS shown;

CREATE VIEW IF NOT EXISTS published_indicators SQL SECURITY DEFINER AS
SELECT
    indicator, kind, unit, headline, minimum_cell, counts_persons, usual_delay_days, publishers, breakdowns, first, second,
    days, per
FROM catalogue
WHERE written_at = (SELECT max(written_at) FROM catalogue);

CREATE VIEW IF NOT EXISTS published_names SQL SECURITY DEFINER AS
SELECT sort, id, nl, fr, de, en
FROM names
WHERE written_at = (SELECT max(written_at) FROM names);

-- `within`: itself and the areas around it, from the smallest on.
CREATE VIEW IF NOT EXISTS published_areas SQL SECURITY DEFINER AS
SELECT
    places.code AS area, toString(places.level) AS level, places.parent AS parent, places.population AS population,
    places.latitude AS latitude, places.longitude AS longitude, places.name_nl AS nl, places.name_fr AS fr,
    places.name_de AS de, places.name_en AS en, around.within AS within
FROM (SELECT * FROM areas FINAL) AS places
LEFT JOIN
(
    SELECT code, any(arraySlice(smaller_first, indexOf(smaller_first, code))) AS within
    FROM (SELECT arrayMap(each -> toString(each), areas) AS smaller_first FROM municipalities FINAL)
    ARRAY JOIN smaller_first AS code
    GROUP BY code
) AS around ON around.code = places.code;

-- All steps of alerts. Rules judge what may be told, so their numbers and reasons may be told too; who acknowledged or
-- was told is not here.
CREATE VIEW IF NOT EXISTS published_alerts SQL SECURITY DEFINER AS
SELECT
    id, toString(alert_log.rule) AS rule, toString(area) AS area, number, toString(kind) AS kind, at, since,
    toString(indicator) AS indicator, day, value, threshold, provisional, reason, severity
FROM (SELECT * FROM alert_log ORDER BY id, at LIMIT 1 BY id) AS alert_log
LEFT JOIN
(
    SELECT rule, severity FROM rule_severities WHERE written_at = (SELECT max(written_at) FROM rule_severities)
) AS severities ON severities.rule = alert_log.rule;

-- The alerts that are open, as the board lists them: after their last step, under a rule that there still is.
CREATE VIEW IF NOT EXISTS published_open_alerts SQL SECURITY DEFINER AS
SELECT
    toString(alert_log.rule) AS rule, toString(area) AS area, number, if(kind = 'pending', 'pending', 'firing') AS state, at,
    since, toString(indicator) AS indicator, day, value, threshold, severity
FROM
(
    SELECT *
    FROM alert_log
    ORDER BY rule, area, number DESC,
        multiIf(kind = 'firing', 3, kind = 'retracted', 2, kind = 'resolved', 1, 0) DESC, id DESC, at
    LIMIT 1 BY rule, area
) AS alert_log
INNER JOIN
(
    SELECT rule, severity FROM rule_severities WHERE written_at = (SELECT max(written_at) FROM rule_severities)
) AS severities ON severities.rule = alert_log.rule
WHERE kind IN ('pending', 'firing', 'reminded', 'recovering', 'relapsed');

CREATE VIEW IF NOT EXISTS published_feeds SQL SECURITY DEFINER AS
SELECT agency, at, recorded_at, seen_at, accepted, refused FROM feeds;

-- Open refusals by the day on which they came; a replay may change a record's reason and agency, its newest row counts.
CREATE VIEW IF NOT EXISTS published_refusals SQL SECURITY DEFINER AS
SELECT
    toString(agency) AS agency, toString(reason) AS reason, toDate32(toTimeZone(known_at, 'Europe/Brussels')) AS day,
    uniqExact(topic, partition, offset) AS refused
FROM quarantine FINAL
WHERE (topic, partition, offset) NOT IN
    (SELECT topic, partition, offset FROM quarantine_steps WHERE kind IN ('accepted', 'dropped'))
GROUP BY agency, reason, day;
