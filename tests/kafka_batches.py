"""Kafka's record batches as a broker keeps them: written by a client's own code, or by hand where they must be odd."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.legacy_records import LegacyRecordBatchBuilder
from aiokafka.record.util import calc_crc32c

from streams.frames import zigzag
from streams.record_batches import LogBatch, read_batch
from tests.intake_samples import NOW

CODECS = {"none": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
Headers = Sequence[tuple[str, bytes | None]]
_HEAD = struct.Struct(">qiibIhiqqqhii")
_CRC_AT, _ATTRIBUTES_AT = 17, 21


@dataclass(frozen=True)
class Written:
    """A record to be written. `delta` is its offset in the batch, its place in the list where None."""

    value: bytes | None
    key: bytes | None = None
    headers: Headers = ()
    time: int = NOW
    delta: int | None = None
    attributes: int = 0


def with_client(records: Sequence[Written], base: int, codec: str = "none") -> bytes:
    """A batch as aiokafka's producer writes it."""
    builder = DefaultRecordBatchBuilder(2, CODECS[codec], False, -1, -1, -1, 1 << 30)
    for row, record in enumerate(records):
        headers: Any = list(record.headers)
        assert builder.append(row, record.time, record.key, record.value, headers)
    raw = builder.build()
    struct.pack_into(">q", raw, 0, base)
    return bytes(raw)


def by_hand(
    records: Sequence[Written],
    base: int,
    *,
    count: int | None = None,
    last_delta: int | None = None,
    attributes: int = 0,
    largest_time: int | None = None,
    behind: bytes = b"",
) -> bytes:
    """An uncompressed batch, with whatever is said of it instead of the truth."""
    first = records[0].time if records else 0
    deltas = [row if each.delta is None else each.delta for row, each in enumerate(records)]
    body = b"".join(record_bytes(each, delta, first) for each, delta in zip(records, deltas, strict=True))
    return around(
        body + behind,
        base,
        count=len(records) if count is None else count,
        last_delta=max(deltas, default=-1) if last_delta is None else last_delta,
        attributes=attributes,
        first_time=first,
        largest_time=max((each.time for each in records), default=0)
        if largest_time is None
        else largest_time,
    )


def around(
    body: bytes,
    base: int,
    *,
    count: int,
    last_delta: int,
    attributes: int = 0,
    first_time: int = NOW,
    largest_time: int = NOW,
) -> bytes:
    """A batch around records' bytes, which may be compressed and are not looked at."""
    length = _HEAD.size - 12 + len(body)
    head = (base, length, 0, 2, 0, attributes, last_delta, first_time, largest_time, -1, -1, -1, count)
    return with_checksum(_HEAD.pack(*head) + body)


def record_bytes(record: Written, delta: int, first_time: int) -> bytes:
    """As in the log: its length, then the record."""
    rest = bytes([record.attributes]) + zigzag(record.time - first_time) + zigzag(delta)
    rest += sized(record.key) + sized(record.value) + zigzag(len(record.headers))
    for name, value in record.headers:
        rest += sized(name.encode()) + sized(value)
    return zigzag(len(rest)) + rest


def sized(value: bytes | None) -> bytes:
    return zigzag(-1) if value is None else zigzag(len(value)) + value


def with_checksum(raw: bytes) -> bytes:
    """The batch with the right checksum for what it holds."""
    crc = calc_crc32c(raw[_ATTRIBUTES_AT:])
    return raw[:_CRC_AT] + struct.pack(">I", crc) + raw[_ATTRIBUTES_AT:]


def old_batch(records: Sequence[Written], base: int, magic: int, codec: str = "none") -> bytes:
    """Message sets of the formats 0 and 1."""
    builder = LegacyRecordBatchBuilder(magic, CODECS[codec], 1 << 24)
    for row, record in enumerate(records):
        assert builder.append(base + row, record.time, record.key, record.value)
    return bytes(builder.build())


def fetched(raw: bytes, wanted_from: int = 0) -> LogBatch | None:
    """As the transport reads it."""
    return read_batch(memoryview(raw), wanted_from)[0]
