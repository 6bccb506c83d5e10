-- An alert may wait before it is over, and go on after all; and a rule may look for values that are missing.
ALTER TABLE alert_log
    MODIFY COLUMN IF EXISTS kind Enum8('pending' = 1, 'dropped' = 2, 'firing' = 3, 'resolved' = 4, 'recovering' = 5, 'relapsed' = 6),
    MODIFY COLUMN IF EXISTS value Nullable(Float64),
    MODIFY COLUMN IF EXISTS threshold Nullable(Float64);
