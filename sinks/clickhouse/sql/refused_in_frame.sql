SELECT DISTINCT partition, offset FROM refused WHERE frame = {frame:UInt64} ORDER BY partition, offset
