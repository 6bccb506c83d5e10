-- All series of values that contributions since the last finished refresh may alter.
INSERT INTO changed_series (refresh, indicator, area, breakdown, since)
SELECT {refresh:UInt64}, indicator, area, breakdown, min(day)
FROM
(
    SELECT
        changed.indicator AS indicator,
        changed.day AS day,
        arrayJoin(place.areas) AS area,
        arrayJoin(['', concat('sex=', changed.sex), concat('age_group=', changed.age_group)]) AS breakdown
    FROM
    (
        SELECT indicator, municipality, sex, age_group, min(day) AS day
        FROM contributions
        WHERE refresh > {finished:UInt64}
        GROUP BY indicator, municipality, sex, age_group
    ) AS changed
    INNER JOIN (SELECT DISTINCT current_nis, areas FROM municipalities FINAL) AS place
        ON place.current_nis = changed.municipality
)
GROUP BY indicator, area, breakdown
