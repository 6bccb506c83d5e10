-- Of each transition how many mails were sent, are given up, or wait for the next try. Outcomes of one millisecond stand in their order.
SELECT transition, countIf(last = 'sent') AS sent, countIf(last = 'given_up') AS given_up, countIf(last NOT IN ('sent', 'given_up')) AS waiting
FROM
(
    SELECT transition, coordinator, argMax(outcome, (at, outcome)) AS last
    FROM mail_log
    WHERE outcome != 'addressed' AND transition IN {transitions:Array(String)}
    GROUP BY transition, coordinator
)
GROUP BY transition
