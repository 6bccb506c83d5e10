-- What became of each agency's records: newest recorded event, newest arrival, accepted and refused.
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
        agency, toDateTime64(0, 3, 'UTC') AS recorded, max(known_at) AS known, toUInt64(0) AS accepted,
        uniqExact(topic, partition, offset) AS refused
    FROM quarantine
    GROUP BY agency
)
GROUP BY agency
ORDER BY agency
