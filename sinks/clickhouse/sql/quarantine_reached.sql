-- Whether any of these offsets was ever refused: asked before every batch, and nearly always no.
SELECT 1
FROM quarantine
WHERE topic = {topic:String} AND partition = {partition:Int32} AND offset BETWEEN {first:Int64} AND {last:Int64}
LIMIT 1
