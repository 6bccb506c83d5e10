SELECT transition, groupUniqArray(coordinator)
FROM mail_log
WHERE outcome = 'queued' AND transition IN {transitions:Array(String)}
GROUP BY transition
