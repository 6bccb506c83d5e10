-- The steps that were known at a moment, by cell, up to a day; those before `since` are summed under it.
WITH (SELECT max(refresh) FROM refreshes WHERE known_at <= {as_of:DateTime64(3, 'UTC')}) AS last_known
SELECT
    toString(steps.indicator) AS indicator, generation, toString(steps.municipality) AS municipality,
    toString(steps.cell) AS cell, greatest(steps.day, {since:Date32}) AS day, bin, sum(steps.delta) AS delta
FROM steps
WHERE steps.indicator IN {indicators:Array(String)} AND generation IN {generations:Array(UInt64)}
    AND generation = transform(steps.indicator, {indicators:Array(String)}, {generations:Array(UInt64)}, toUInt64(0))
    AND steps.day <= {until:Date32} AND refresh <= last_known
GROUP BY indicator, generation, municipality, cell, day, bin
