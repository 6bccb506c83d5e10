-- A ratio changes where its numerator or its denominator did.
INSERT INTO changed_series (refresh, indicator, area, breakdown, since)
SELECT {refresh:UInt64}, {ratio:String}, area, breakdown, min(since)
FROM changed_series
WHERE refresh = {refresh:UInt64} AND indicator IN ({numerator:String}, {denominator:String})
GROUP BY area, breakdown
