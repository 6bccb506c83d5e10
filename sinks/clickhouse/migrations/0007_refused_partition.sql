-- A frame may hold events of several partitions, so an offset alone does not tell which event was refused.
ALTER TABLE refused ADD COLUMN IF NOT EXISTS partition Int32 AFTER frame;
