-- The refresh whose values a step of an alert rests on; of older rows the last one before the step.
SELECT if(
    noted.refresh > 0,
    noted.refresh,
    (SELECT max(refresh) FROM refreshes WHERE known_at <= {at:DateTime64(3, 'UTC')})
) AS last_read
FROM (SELECT refresh FROM alert_log WHERE id = {id:String} ORDER BY written_at, refresh LIMIT 1) AS noted
