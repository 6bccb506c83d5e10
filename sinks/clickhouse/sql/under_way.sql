-- What still changes steps, moves or their notes: statements that run, and deletions that go on behind a statement that ended.
SELECT concat('a statement that runs since ', toString(round(elapsed, 1)), ' s')
FROM system.processes
WHERE current_database = currentDatabase() AND query_kind != 'Select'
    AND match(query, '(?i)(INTO|FROM|TABLE)\\s+`?(steps|moves|generations|refreshes|forgetting|forgotten|spent_steps)\\b')
UNION ALL
SELECT concat('a change of ', table, ': ', command, if(latest_fail_reason = '', '', concat(', which fails: ', latest_fail_reason)))
FROM system.mutations
WHERE database = currentDatabase() AND table IN ('steps', 'moves') AND NOT is_done
