-- What became of the mails about one transition, oldest note first.
SELECT DISTINCT message_id, transition, coordinator, outcome, at, detail
FROM mail_log
WHERE transition = {transition:String}
ORDER BY at, outcome, coordinator
