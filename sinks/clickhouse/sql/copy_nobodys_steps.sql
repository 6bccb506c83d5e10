-- The steps of events that are forgotten cannot be worked out anew: a new generation of the same definition takes them over,
-- less what it has of them already: done again, it adds nothing.
INSERT INTO steps (indicator, generation, subject, municipality, cell, day, bin, delta, refresh)
SELECT
    {indicator:String}, {generation:UInt64}, unhex({nobody:String}), municipality, cell, day, bin, sum(change) AS total,
    {refresh:UInt64}
FROM
(
    SELECT municipality, cell, day, bin, if(generation = {earlier:UInt64}, delta, -delta) AS change
    FROM steps
    WHERE subject = unhex({nobody:String}) AND indicator = {indicator:String}
        AND generation IN ({earlier:UInt64}, {generation:UInt64})
        AND (SELECT max(term) FROM terms) = {term:UInt64}
)
GROUP BY municipality, cell, day, bin
HAVING total != 0
