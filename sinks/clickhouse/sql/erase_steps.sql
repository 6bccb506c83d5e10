-- Steps that were taken back add up to nothing and say only whose they were. Those of events that came since stay, as do
-- their sums; generations that are read no longer have no moves to agree with.
ALTER TABLE steps DELETE
WHERE subject IN (SELECT person FROM erasing)
    AND (subject, indicator, generation, municipality, cell, day, bin) NOT IN
    (
        SELECT subject, indicator, generation, municipality, cell, day, bin
        FROM steps
        WHERE subject IN (SELECT person FROM erasing)
            AND (indicator, generation) IN
            (
                SELECT indicator, generation
                FROM generations INNER JOIN
                (
                    SELECT indicator, maxIf(generation, upto = 257) AS newest FROM generations GROUP BY indicator
                ) AS standing USING (indicator)
                WHERE generation >= newest
            )
        GROUP BY subject, indicator, generation, municipality, cell, day, bin
        HAVING sum(delta) != 0
    )
SETTINGS mutations_sync = 2
