SELECT DISTINCT offset FROM refused WHERE frame = {frame:UInt64} ORDER BY offset
