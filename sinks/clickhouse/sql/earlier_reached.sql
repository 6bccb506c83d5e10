-- Whether any of these offsets was received or refused before: asked for every batch, and nearly always no, twice.
-- A batch that failed between its refusals and its note was refused and not received.
SELECT
    (
        SELECT count() FROM batches
        WHERE topic = {topic:String} AND partition = {partition:Int32}
            AND first_offset <= {last:Int64} AND last_offset >= {first:Int64}
    ) AS received,
    (
        SELECT count() FROM
        (
            SELECT 1 FROM quarantine
            WHERE topic = {topic:String} AND partition = {partition:Int32}
                AND offset BETWEEN {first:Int64} AND {last:Int64}
            LIMIT 1
        )
    ) AS refused
