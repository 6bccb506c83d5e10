-- Whose events are being taken out, while they are: statements name this table and no person, so that no log of the
-- server, or of its mutations, keeps a pseudonym.
CREATE TABLE IF NOT EXISTS erasing (person FixedString(16))
ENGINE = MergeTree ORDER BY person
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- That somebody was taken out, not who.
CREATE TABLE IF NOT EXISTS erasures (at DateTime64(3, 'UTC'), by String, facts UInt64, refused UInt64)
ENGINE = MergeTree ORDER BY at
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
