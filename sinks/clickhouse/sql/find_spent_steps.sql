-- Steps of those whose events are forgotten that were handed over: with what took them back they add up to nothing, in
-- each refresh. They are listed before they are deleted, as a deletion looks at one part after the other; by a hash, as a
-- deletion looks at every step.
INSERT INTO spent_steps (subject, step)
SELECT subject, cityHash64(subject, indicator, generation, municipality, cell, day, bin, refresh)
FROM steps
WHERE subject IN (SELECT subject FROM forgetting)
GROUP BY subject, indicator, generation, municipality, cell, day, bin, refresh
HAVING sum(delta) = 0
