-- Each agency's events in the facts and those forgotten, and when anything of it last arrived. The facts are counted as they
-- lie, without a look for doubles, which would cost memory by event. One thread: nobody waits for it.
SELECT agency, sum(events), max(known)
FROM
(
    {facts}
    UNION ALL
    SELECT toString(agency) AS agency, facts AS events, toDateTime64(0, 3, 'UTC') AS known FROM forgotten FINAL
    UNION ALL
    SELECT toString(agency) AS agency, toUInt64(0) AS events, max(known_at) AS known FROM quarantine GROUP BY agency
)
GROUP BY agency
SETTINGS max_threads = 1
