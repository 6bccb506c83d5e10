-- Of batches that a finished refresh took in: others are still to be looked at. {whom} selects subjects.
ALTER TABLE touched DELETE
WHERE subject IN ({whom})
    AND frame IN
    (
        SELECT arrayJoin(frames)
        FROM batches
        WHERE batch IN (SELECT arrayJoin(batches) FROM refreshes)
    )
SETTINGS mutations_sync = 2
