-- Kafka's time of a batch's first record, to tell how long it took to be in the values; 1970 where that says nothing.
ALTER TABLE batches ADD COLUMN IF NOT EXISTS kafka_time DateTime64(3, 'UTC') DEFAULT toDateTime64(0, 3, 'UTC');
