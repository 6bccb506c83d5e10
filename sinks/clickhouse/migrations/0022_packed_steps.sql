-- A refresh looks thousands of subjects up, and each column costs each of them a place of its own: in 32 bytes a step is
-- read at once. sinks/indicators/packing.py has the same in Python. What is stored already is written behind, and worked
-- out as it is read until then.
ALTER TABLE steps ADD COLUMN IF NOT EXISTS packed FixedString(32) MATERIALIZED toFixedString(
    concat(
        reinterpretAsFixedString(delta),
        substring(MD5(cell), 1, 8),
        reinterpretAsFixedString(bin),
        reinterpretAsFixedString(toInt32(day)),
        reinterpretAsFixedString(toUInt32OrZero(municipality)),
        reinterpretAsFixedString(bitXor(reinterpretAsUInt32(MD5(indicator)), toUInt32(generation % 4294967296)))
    ),
    32
);
ALTER TABLE steps MATERIALIZE COLUMN packed;
