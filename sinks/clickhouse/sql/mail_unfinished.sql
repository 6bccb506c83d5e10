-- Every note of the mails that are neither sent nor given up. Outcomes of one millisecond stand in their order.
SELECT DISTINCT message_id, transition, coordinator, outcome, at, detail
FROM mail_log
WHERE outcome != 'addressed'
  AND (transition, coordinator) NOT IN
      (SELECT transition, coordinator FROM mail_log WHERE outcome IN ('sent', 'given_up'))
ORDER BY at, outcome
