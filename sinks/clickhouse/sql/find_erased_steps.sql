-- Steps of those who are being erased that were taken back: they add up to nothing and say only whose they were. Those of
-- events that came since stay, as do their sums; generations that are read no longer have no moves to agree with.
-- They are listed before they are deleted, as a deletion looks at one part after the other.
INSERT INTO spent_steps (subject, step)
WITH whom AS (SELECT person FROM erasing WHERE phase = 'taken back')
SELECT subject, cityHash64(subject, indicator, generation, municipality, cell, day, bin, refresh)
FROM steps
WHERE subject IN (whom)
    AND (subject, indicator, generation, municipality, cell, day, bin) NOT IN
    (
        SELECT subject, indicator, generation, municipality, cell, day, bin
        FROM steps
        WHERE subject IN (whom)
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
