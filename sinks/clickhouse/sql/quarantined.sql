SELECT topic, partition, offset, agency, reason, detail, known_at
FROM quarantine FINAL
WHERE ({agency:String} = '*' OR agency = {agency:String}) AND ({reason:String} = '*' OR reason = {reason:String})
ORDER BY known_at DESC, topic, partition, offset
LIMIT {limit:UInt32}
