-- On how many days and in how many bins the moves of an indicator in an area are not the sum of its steps there.
SELECT count()
FROM
(
    SELECT day, bin, sum(change) AS difference
    FROM
    (
        SELECT day, bin, delta AS change
        FROM steps
        WHERE indicator = {indicator:String} AND generation = {generation:UInt64}
            AND municipality IN (SELECT toString(current_nis) FROM municipalities FINAL WHERE has(areas, {area:String}))
        UNION ALL
        SELECT day, bin, -delta AS change
        FROM moves
        WHERE indicator = {indicator:String} AND generation = {generation:UInt64}
            AND area = {area:String} AND breakdown = ''
    )
    GROUP BY day, bin
    HAVING difference != 0
)
