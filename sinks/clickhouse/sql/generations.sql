-- Every generation of an indicator, newest first, and how far it is worked out.
SELECT indicator, generation, any(fingerprint) AS fingerprint, max(upto) AS done, minIf(known_at, upto = {stands:UInt16}) AS stands_since
FROM generations
GROUP BY indicator, generation
ORDER BY indicator, generation DESC
