-- The definition on which each indicator's stored values rest.
SELECT indicator, argMax(fingerprint, rebuilt_at) FROM indicator_definitions GROUP BY indicator
