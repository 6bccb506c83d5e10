-- agency_refusals
-- Open ones. A replay may change a record's reason and agency, so only its newest row counts.
SELECT agency, reason, uniqExact(topic, partition, offset)
FROM quarantine FINAL
WHERE (topic, partition, offset) NOT IN
    (SELECT topic, partition, offset FROM quarantine_steps WHERE kind IN ('accepted', 'dropped'))
GROUP BY agency, reason
ORDER BY agency, reason
