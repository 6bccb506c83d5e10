-- What a refresh begins with: the last one that finished, the newest number that any wrote under since, the refreshes that
-- wrote steps and broke off before their moves, the oldest of the batches stored since a moment that no finished refresh
-- has taken in, how many notes there are about generations, how many events are being forgotten and persons erased, the
-- server's time, and the newest term.
WITH
    (SELECT max(refresh) FROM refreshes) AS last_finished,
    (SELECT groupUniqArray(refresh) FROM steps WHERE refresh > last_finished) AS begun,
    (SELECT max(refresh) FROM moves WHERE refresh > last_finished) AS moved
SELECT
    last_finished AS finished,
    greatest(arrayMax(arrayConcat([toUInt64(0)], begun)), moved) AS newest,
    arraySort(arrayFilter(number -> number > moved, begun)) AS unmoved,
    groupArray((batch, frames, topic, toUnixTimestamp64Milli(kafka_time))) AS pending,
    (SELECT count() FROM generations) AS notes,
    (SELECT count() FROM forgetting) + (SELECT countIf(phase = 'taken back') FROM erasing) AS leaving,
    toUnixTimestamp(now()) AS at,
    (SELECT max(term) FROM terms) AS term
FROM
(
    SELECT batch, frames, topic, kafka_time
    FROM batches
    WHERE stored_at >= toDateTime({since:UInt32})
        AND batch NOT IN (SELECT arrayJoin(batches) FROM refreshes WHERE stored_at >= toDateTime({since:UInt32}))
    ORDER BY known_at, batch
    LIMIT {limit:UInt32}
)
