-- An alert may be told again while it fires, and taken back when it rested on wrong data.
ALTER TABLE alert_log
    MODIFY COLUMN IF EXISTS kind Enum8('pending' = 1, 'dropped' = 2, 'firing' = 3, 'resolved' = 4, 'recovering' = 5, 'relapsed' = 6, 'reminded' = 7, 'retracted' = 8);
