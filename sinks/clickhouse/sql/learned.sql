-- By how much a value changed by what became known on a day, bin by bin. Steps of one refresh are written under several
-- numbers: the next refresh that finished says when.
SELECT known_on, bin, sum(change) AS total
FROM
(
    SELECT toDate32(toTimeZone(known.known_at, 'Europe/Brussels')) AS known_on, bin, changes.change AS change
    FROM
    (
        SELECT 1 AS one, refresh, bin, sum(delta) AS change
        FROM steps
        WHERE indicator = {indicator:String} AND generation = {generation:UInt64}
            AND municipality IN (SELECT toString(current_nis) FROM municipalities FINAL WHERE has(areas, {area:String}))
            AND day <= {day:Date32}
        GROUP BY refresh, bin
    ) AS changes
    ASOF INNER JOIN (SELECT 1 AS one, refresh, known_at FROM refreshes) AS known
        ON known.one = changes.one AND known.refresh >= changes.refresh
)
GROUP BY known_on, bin
HAVING total != 0
ORDER BY known_on, bin
