-- The refresh whose values a step of an alert rests on: from a mail to the batches behind it. 0 in older rows, and in
-- those that an older worker writes during an upgrade: then the last one before the step counts.
ALTER TABLE alert_log ADD COLUMN IF NOT EXISTS refresh UInt64 DEFAULT 0;
