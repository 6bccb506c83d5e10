-- Under which refreshes steps were to be handed over, and whether they were: all steps of one are there or none.
SELECT refresh, refresh IN (SELECT refresh FROM steps WHERE refresh IN (SELECT refresh FROM forgetting)) AS is_done
FROM (SELECT DISTINCT refresh FROM forgetting)
ORDER BY refresh
