-- Refused records that wait to be replayed or dropped. A replay may change a record's reason and agency, so only its newest
-- row counts.
SELECT topic, agency, reason, uniqExact(partition, offset)
FROM quarantine FINAL
WHERE (topic, partition, offset) NOT IN
    (SELECT topic, partition, offset FROM quarantine_steps WHERE kind IN ('accepted', 'dropped'))
GROUP BY topic, agency, reason
SETTINGS max_threads = 1
