-- What each refresh added to an indicator's total in each municipality, up to a day.
SELECT toString(steps.municipality) AS municipality, steps.day AS day, bin, refresh, sum(steps.delta) AS delta
FROM steps
WHERE steps.indicator = {indicator:String} AND generation = {generation:UInt64} AND steps.day <= {until:Date32}
GROUP BY municipality, day, bin, refresh
HAVING delta != 0
