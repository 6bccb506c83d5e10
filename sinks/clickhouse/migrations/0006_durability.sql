-- What an offset or a finished refresh stands for reaches the disk before it is acknowledged
-- (docs/decisions/0013-durability.md). `refused` needs none of it: it is read back within the batch that wrote it.
ALTER TABLE batches MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1;
ALTER TABLE touched MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1;
ALTER TABLE contributions MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1;
ALTER TABLE changed_series MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1;
ALTER TABLE indicator_values MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1;
