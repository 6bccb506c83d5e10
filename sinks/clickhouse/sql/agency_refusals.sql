SELECT agency, reason, uniqExact(topic, partition, offset)
FROM quarantine
GROUP BY agency, reason
ORDER BY agency, reason
