-- quarantined_count
-- Refused records that are not in the facts, open or dropped.
SELECT uniqExact(topic, partition, offset)
FROM quarantine
WHERE (topic, partition, offset) NOT IN
    (SELECT topic, partition, offset FROM quarantine_steps WHERE kind = 'accepted')
