-- All moves of one generation in a span of days, from its steps, less those that are there already: done again, it adds
-- nothing. `families` are the combinations of fields that it is broken down by. What is written here is written by
-- `sinks.indicators.moves` too, for the steps of one refresh; a test holds them against each other.
INSERT INTO moves (indicator, generation, area, breakdown, day, bin, delta, known_at, refresh)
WITH
    cells AS
    (
        SELECT toString(steps.municipality) AS municipality, toString(steps.cell) AS cell, day, bin, sum(delta) AS change
        FROM steps
        WHERE indicator = {indicator:String} AND generation = {generation:UInt64}
            AND day BETWEEN {since:Date32} AND {until:Date32}
        GROUP BY municipality, cell, day, bin
        HAVING change != 0
    ),
    places AS
    (
        SELECT DISTINCT toString(current_nis) AS municipality, toString(arrayJoin(municipalities.areas)) AS area
        FROM municipalities FINAL
    ),
    families AS
    (
        SELECT
            cell,
            splitByChar(';', cell) AS parts,
            arrayMap(family -> arrayMap(field -> arrayFirst(part -> startsWith(part, concat(field, '=')), parts), family),
                {families:Array(Array(String))}) AS found,
            -- A family of which the cell lacks a field has no breakdown for it.
            arrayFilter(family -> NOT has(family, ''), found) AS whole,
            arrayJoin(arrayConcat([''], arrayMap(family -> arrayStringConcat(family, ';'), whole))) AS breakdown
        FROM (SELECT DISTINCT cell FROM cells)
    )
SELECT
    {indicator:String}, {generation:UInt64}, area, breakdown, day, bin, sum(change) AS total,
    {known_at:DateTime64(3, 'UTC')}, {refresh:UInt64}
FROM
(
    SELECT area, breakdown, day, bin, sum(change) AS change
    FROM
    (
        SELECT area, cell, day, bin, sum(change) AS change
        FROM cells INNER JOIN places ON places.municipality = cells.municipality
        GROUP BY area, cell, day, bin
    ) AS placed
    INNER JOIN families ON families.cell = placed.cell
    GROUP BY area, breakdown, day, bin
    UNION ALL
    SELECT area, breakdown, day, bin, -delta
    FROM moves
    WHERE indicator = {indicator:String} AND generation = {generation:UInt64}
        AND day BETWEEN {since:Date32} AND {until:Date32}
)
WHERE (SELECT max(term) FROM terms) = {term:UInt64}
GROUP BY area, breakdown, day, bin
HAVING total != 0
