-- Transitions that other systems were not told of; of each alert none is left out before one that is here.
SELECT id, rule, area, number, kind, at, since, indicator, day, value, threshold, provisional, reason
FROM
(
    SELECT *
    FROM alert_log
    WHERE id NOT IN (SELECT transition FROM alert_events)
    ORDER BY id, at
    LIMIT 1 BY id
)
ORDER BY rule, area, number, at, id
LIMIT {count:UInt32}
