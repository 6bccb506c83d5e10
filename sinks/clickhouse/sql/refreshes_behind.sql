-- The refreshes that moved indicators in an area up to a day, newest first, as far as one that was read. Steps of one
-- refresh are written under several numbers: the next refresh that finished has its batches.
SELECT DISTINCT known.refresh AS refresh, known.known_at AS known_at, known.batches AS batches
FROM
(
    SELECT 1 AS one, refresh
    FROM steps
    WHERE indicator IN {indicators:Array(String)} AND day <= {day:Date32} AND refresh <= {upto:UInt64}
        AND municipality IN (SELECT toString(current_nis) FROM municipalities FINAL WHERE has(areas, {area:String}))
    GROUP BY refresh
) AS changes
ASOF INNER JOIN (SELECT 1 AS one, refresh, known_at, batches FROM refreshes WHERE refresh <= {upto:UInt64}) AS known
    ON known.one = changes.one AND known.refresh >= changes.refresh
ORDER BY refresh DESC
LIMIT {limit:UInt32}
