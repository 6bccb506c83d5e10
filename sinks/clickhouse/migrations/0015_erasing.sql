-- How far each erasure has come. One that broke off leaves its rows; the next of the same person removes them.
ALTER TABLE erasing
    ADD COLUMN IF NOT EXISTS erasure UUID,
    ADD COLUMN IF NOT EXISTS phase Enum8('asked' = 0, 'taken back' = 1, 'gone' = 2) DEFAULT 'asked';
