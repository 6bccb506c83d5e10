-- A ratio that is new or defined anew changes wherever it or one of its sides ever had a value.
INSERT INTO changed_series (refresh, indicator, area, breakdown, since)
SELECT {refresh:UInt64}, {ratio:String}, area, breakdown, min(day)
FROM indicator_values
WHERE indicator IN ({ratio:String}, {numerator:String}, {denominator:String})
GROUP BY area, breakdown
