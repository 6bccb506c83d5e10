-- quarantine_held
-- Refused records with the state that their steps give them; {places} and {having} are conditions.
SELECT
    topic, partition, offset, agency, event_id, reason, field, detail, raw_length, kafka_time, known_at,
    multiIf(last.rank = 4, 'accepted', last.rank = 3, 'dropped', 'open') AS state,
    last.step.1 AS changed_at, last.step.2 AS by, last.step.3 AS why
FROM
(
    SELECT
        topic, partition, offset, agency, event_id, reason, field, detail, raw_length, kafka_time, known_at
    FROM quarantine FINAL
    WHERE {places}
) AS refusal
LEFT JOIN
(
    SELECT topic, partition, offset, max(ranked) AS rank, argMax((at, by, why), (ranked, at)) AS step
    FROM (SELECT *, if(kind >= 'dropped', toUInt8(kind), 0) AS ranked FROM quarantine_steps WHERE {steps})
    GROUP BY topic, partition, offset
) AS last USING (topic, partition, offset)
WHERE {having}
ORDER BY known_at DESC, topic, partition, offset
LIMIT {limit:UInt64}
