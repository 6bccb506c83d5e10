-- Nothing is left of what was in these records; {which} is a condition.
ALTER TABLE quarantine UPDATE raw = '', raw_altered = true, detail = '', event_id = NULL
WHERE {which}
SETTINGS mutations_sync = 2
