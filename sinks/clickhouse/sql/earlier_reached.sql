-- Whether any offset of each span was received or refused before: asked for all that is taken at once, and nearly
-- always none was. A batch that failed between its refusals and its note was refused and not received.
WITH
    arrayZip(
        {topics:Array(String)}, {partitions:Array(Int32)}, {firsts:Array(Int64)}, {lasts:Array(Int64)}
    ) AS spans,
    arrayZip({topics:Array(String)}, {partitions:Array(Int32)}) AS places
SELECT DISTINCT
    'received' AS what,
    arrayJoin(arrayFilter(
        (number, span) -> span.1 = topic AND span.2 = partition AND first_offset <= span.4 AND last_offset >= span.3,
        range(length(spans)), spans
    )) AS number
FROM batches
WHERE (topic, partition) IN (SELECT arrayJoin(places))
    AND first_offset <= arrayMax({lasts:Array(Int64)}) AND last_offset >= arrayMin({firsts:Array(Int64)})
UNION ALL
SELECT DISTINCT
    'refused' AS what,
    arrayJoin(arrayFilter(
        (number, span) -> span.1 = topic AND span.2 = partition AND offset BETWEEN span.3 AND span.4,
        range(length(spans)), spans
    )) AS number
FROM quarantine
WHERE (topic, partition) IN (SELECT arrayJoin(places))
    AND offset BETWEEN arrayMin({firsts:Array(Int64)}) AND arrayMax({lasts:Array(Int64)})
