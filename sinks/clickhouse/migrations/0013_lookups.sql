-- Every refresh looks thousands of subjects up, each in a place of its own. Large parts would be compressed by ZSTD, and a
-- whole block of 64 KiB is decompressed for the few steps of one subject: that was a third of what a refresh cost. Parts
-- are rewritten as they merge.
ALTER TABLE steps MODIFY SETTING
    default_compression_codec = 'LZ4', min_compress_block_size = 4096, max_compress_block_size = 16384;
