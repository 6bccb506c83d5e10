-- Where contributions came since the last finished refresh, and from which day on.
SELECT indicator, municipality, sex, age_group, min(day)
FROM contributions
WHERE refresh > {finished:UInt64}
GROUP BY indicator, municipality, sex, age_group
