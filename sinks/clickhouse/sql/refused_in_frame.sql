SELECT partition, offset FROM refused WHERE frame = {frame:UInt64}
