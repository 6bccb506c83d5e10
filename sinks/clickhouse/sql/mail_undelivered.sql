-- What was queued since a moment and is not sent: which alert, or week, it tells of to whom, how often it was tried, and what
-- is the last that is known of it.
SELECT
    if(alerts.id = '', mails.transition, toString(alerts.rule)) AS about, toString(alerts.area) AS place,
    if(alerts.id = '', 'overview', toString(alerts.kind)) AS step, mails.coordinator, mails.queued_at, mails.state, mails.tries, mails.last_at,
    mails.detail
FROM
(
    SELECT
        transition, coordinator, min(at) AS queued_at, max(at) AS last_at, countIf(outcome = 'sending') AS tries,
        if(countIf(outcome = 'given_up') > 0, 'given up', 'waiting') AS state,
        argMax(notes.detail, (at, outcome)) AS detail
    FROM (SELECT DISTINCT transition, coordinator, outcome, at, detail FROM mail_log WHERE outcome != 'addressed') AS notes
    GROUP BY transition, coordinator
    HAVING queued_at >= {since:DateTime64(3, 'UTC')} AND countIf(outcome = 'sent') = 0
) AS mails
LEFT JOIN (SELECT DISTINCT id, rule, area, kind FROM alert_log) AS alerts ON alerts.id = mails.transition
ORDER BY mails.state, mails.queued_at, about, place, mails.coordinator
