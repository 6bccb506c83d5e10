DELETE FROM steps
WHERE subject IN (SELECT subject FROM spent_steps)
    AND cityHash64(subject, indicator, generation, municipality, cell, day, bin, refresh) IN
        (SELECT step FROM spent_steps)
