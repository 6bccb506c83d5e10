-- Offsets between noted batches that no note covers, from first to before `behind`.
SELECT topic, partition, upto + 1 AS first, first_offset AS behind
FROM
(
    SELECT
        topic, partition, first_offset,
        max(last_offset) OVER (
            PARTITION BY topic, partition ORDER BY first_offset, last_offset
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS upto,
        row_number() OVER (PARTITION BY topic, partition ORDER BY first_offset, last_offset) AS row
    FROM batches
    WHERE partition >= 0
)
WHERE row > 1 AND first_offset > upto + 1
ORDER BY topic, partition, first
