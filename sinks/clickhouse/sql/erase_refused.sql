ALTER TABLE quarantine UPDATE raw = '', raw_altered = true, detail = '', event_id = NULL
WHERE multiSearchAny(lower(concat(raw, detail)), (SELECT groupArray(lower(hex(person))) FROM erasing))
SETTINGS mutations_sync = 2
