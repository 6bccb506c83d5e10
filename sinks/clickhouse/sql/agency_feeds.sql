-- What became of each agency's records: newest recorded event, newest arrival, accepted, and refused and open.
SELECT
    agency,
    max(recorded) AS recorded_at,
    max(known) AS seen_at,
    sum(accepted) AS accepted,
    sum(refused) AS refused
FROM
(
    {facts}
    UNION ALL
    SELECT
        toString(agency) AS agency, toDateTime64(0, 3, 'UTC') AS recorded, toDateTime64(0, 3, 'UTC') AS known, facts AS accepted,
        toUInt64(0) AS refused
    FROM forgotten FINAL
    UNION ALL
    SELECT
        agency, toDateTime64(0, 3, 'UTC') AS recorded, max(known_at) AS known, toUInt64(0) AS accepted,
        uniqExactIf((topic, partition, offset), (topic, partition, offset) NOT IN
            (SELECT topic, partition, offset FROM quarantine_steps WHERE kind IN ('accepted', 'dropped'))) AS refused
    FROM quarantine FINAL
    GROUP BY agency
)
GROUP BY agency
ORDER BY agency
