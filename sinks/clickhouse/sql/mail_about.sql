-- The steps of alerts that a mail is about.
SELECT DISTINCT transition FROM mail_log WHERE message_id = {message_id:String} ORDER BY transition
