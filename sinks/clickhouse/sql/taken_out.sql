-- Whether events are being taken out now, and what each such piece of work leaves behind.
SELECT
    (SELECT count() FROM forgetting) + (SELECT count() FROM erasing) + (SELECT count() FROM spent_steps) AS under_way,
    (SELECT count() FROM erasures) AS erased,
    (SELECT max(refresh) FROM forgotten) AS forgotten
