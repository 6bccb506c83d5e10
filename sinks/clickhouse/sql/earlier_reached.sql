-- Whether any of these offsets was received or refused before: asked for every batch, and nearly always neither.
-- A batch that failed between its refusals and its note was refused and not received.
SELECT 'received'
FROM batches
WHERE topic = {topic:String} AND partition = {partition:Int32}
    AND first_offset <= {last:Int64} AND last_offset >= {first:Int64}
LIMIT 1
UNION ALL
SELECT 'refused'
FROM quarantine
WHERE topic = {topic:String} AND partition = {partition:Int32} AND offset BETWEEN {first:Int64} AND {last:Int64}
LIMIT 1
