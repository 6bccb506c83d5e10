-- The steps that came since the last finished refresh, summed by cell: also where they add up to nothing, as a refresh
-- that broke off may have written a value meanwhile. Beside each the newest refresh that wrote any of them.
SELECT
    toString(indicator) AS indicator, toString(municipality) AS municipality, toString(sex) AS sex,
    toString(age_group) AS age_group, contributions.day AS day, sum(contributions.delta) AS delta, max(refresh) AS newest
FROM contributions
WHERE refresh > {finished:UInt64}
GROUP BY indicator, municipality, sex, age_group, day
