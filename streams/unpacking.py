"""Decompresses record batches up to a limit: a mebibyte can unpack to many gibibytes, and may have been meant to."""

from __future__ import annotations

import mmap
import struct
import threading
import zlib
from collections.abc import Callable, Mapping

import cramjam

#: A broker takes batches of a mebibyte, unless told otherwise, and events compress to a tenth at most. What is
#: unpacked is in memory, and each of its records may end as a refusal of its own.
MOST_UNPACKED = 32 << 20

_GZIP = 16 + zlib.MAX_WBITS
_XERIAL = b"\x82SNAPPY\0"
_XERIAL_HEADER = 16
_OLD_MAGIC, _OLD_ATTRIBUTES = 16, 17
_BLOCK = struct.Struct(">i")


class TooMuch(Exception):
    """More than `MOST_UNPACKED` bytes."""

    def __init__(self) -> None:
        super().__init__(f"it unpacks to more than {MOST_UNPACKED >> 20} MiB")


def unpack(packed: bytes | memoryview, compression: int) -> bytes | memoryview:
    """What was compressed with Kafka's codec of that number. Raises `TooMuch`, or what the codec raises."""
    return packed if compression == 0 else _CODECS[compression](packed)


def check_old(raw: memoryview) -> None:
    """Raises as `unpack` where a message set in format 0 or 1 holds another one that would unpack to too much."""
    compression = raw[_OLD_ATTRIBUTES] & 0x07
    if compression:
        key = _OLD_ATTRIBUTES + (9 if raw[_OLD_MAGIC] else 1)
        value = key + _BLOCK.size + max(_BLOCK.unpack_from(raw, key)[0], 0)
        unpack(raw[value + _BLOCK.size :], compression)


def _gzip(packed: bytes | memoryview) -> bytes:
    pieces: list[bytes] = []
    room, rest = MOST_UNPACKED, bytes(packed)
    while rest:
        member = zlib.decompressobj(_GZIP)
        pieces.append(member.decompress(rest, room + 1))
        room -= len(pieces[-1])
        if room < 0:
            raise TooMuch
        if not member.eof:
            raise EOFError("the compressed data end early")
        rest = member.unused_data
    return b"".join(pieces)


def _snappy(packed: bytes | memoryview) -> bytes:
    """Plain, or in the blocks of the Java library. Each block says how long it is before it is unpacked."""
    data = memoryview(packed)
    if bytes(data[: len(_XERIAL)]) != _XERIAL:
        return _snappy_block(data, MOST_UNPACKED)
    pieces: list[bytes] = []
    room, at = MOST_UNPACKED, _XERIAL_HEADER
    while at < len(data):
        (size,) = _BLOCK.unpack_from(data, at)
        at += _BLOCK.size
        if not 0 <= size <= len(data) - at:
            raise EOFError(f"a block of {size} bytes where {len(data) - at} are left")
        pieces.append(_snappy_block(data[at : at + size], room))
        room -= len(pieces[-1])
        at += size
    return b"".join(pieces)


def _snappy_block(block: memoryview, room: int) -> bytes:
    if cramjam.snappy.decompress_raw_len(bytes(block)) > room:
        raise TooMuch
    return bytes(cramjam.snappy.decompress_raw(bytes(block)))


class _Scratch:
    """Memory of just the limit's size, kept: what does not fit into it is too much."""

    def __init__(self, decompress_into: Callable[[bytes, mmap.mmap], int]) -> None:
        self._decompress_into = decompress_into
        self._lock = threading.Lock()
        self._memory = mmap.mmap(-1, MOST_UNPACKED)

    def __call__(self, packed: bytes | memoryview) -> bytes:
        with self._lock:
            try:
                length = self._decompress_into(bytes(packed), self._memory)
            except cramjam.DecompressionError as error:
                if "whole buffer" in str(error):
                    raise TooMuch from error
                raise
            return self._memory[:length]


_CODECS: Mapping[int, Callable[[bytes | memoryview], bytes]] = {
    1: _gzip,
    2: _snappy,
    3: _Scratch(cramjam.lz4.decompress_into),
    4: _Scratch(cramjam.zstd.decompress_into),
}
