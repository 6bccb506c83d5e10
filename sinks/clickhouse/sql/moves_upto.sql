-- The moves of some series up to a day; those before `since` are summed under it. What was taken back is as if it had not
-- been heard of, as it is when one asks what was known at a moment. Each indicator in its own generation: the two lists find
-- the places, and several indicators share a number, of which one may have another by now.
SELECT
    toString(moves.indicator) AS indicator, toString(moves.area) AS area, toString(moves.breakdown) AS breakdown,
    greatest(moves.day, {since:Date32}) AS day, bin, sum(moves.delta) AS delta, max(moves.known_at) AS known_at
FROM moves
WHERE moves.indicator IN {indicators:Array(String)} AND generation IN {generations:Array(UInt64)}
    AND generation = transform(moves.indicator, {indicators:Array(String)}, {generations:Array(UInt64)}, toUInt64(0))
    AND moves.area IN {areas:Array(String)} AND moves.breakdown IN {breakdowns:Array(String)}
    AND moves.day <= {until:Date32}
GROUP BY indicator, area, breakdown, day, bin
HAVING delta != 0
