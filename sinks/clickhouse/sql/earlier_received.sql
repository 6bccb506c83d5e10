SELECT DISTINCT first_offset, last_offset, known_at
FROM batches
WHERE topic = {topic:String} AND partition = {partition:Int32}
    AND first_offset <= {last:Int64} AND last_offset >= {first:Int64}
