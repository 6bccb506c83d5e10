ALTER TABLE steps DELETE
WHERE (subject, indicator, generation, municipality, cell, day, bin, refresh) IN
    (SELECT subject, indicator, generation, municipality, cell, day, bin, refresh FROM spent_steps)
SETTINGS mutations_sync = 2
