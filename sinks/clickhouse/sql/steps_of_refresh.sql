-- The steps that one refresh wrote, summed by cell.
SELECT
    toString(steps.indicator) AS indicator, generation, toString(steps.municipality) AS municipality,
    toString(steps.cell) AS cell, steps.day AS day, bin, sum(steps.delta) AS delta
FROM steps
WHERE refresh = {refresh:UInt64}
GROUP BY indicator, generation, municipality, cell, day, bin
