-- Whose turn it is to write steps and moves: the newest term's. A worker begins one when it comes to lead, and again after
-- a write whose outcome it does not know. What an earlier term sent writes nothing, however late it arrives.
CREATE TABLE IF NOT EXISTS terms
(
    term UInt64,
    began_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = MergeTree ORDER BY term
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
