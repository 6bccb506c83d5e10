-- The last refresh that finished, and the last that began.
SELECT (SELECT max(refresh) FROM refreshes), (SELECT max(refresh) FROM changed_series)
