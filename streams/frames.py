"""Builds frames: Kafka values, as they are, between bytes that say where they come from (schemas/frames.py)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.frames import PREFIX
from schemas.intake import Frame
from streams.record_batches import KafkaRecord

#: Ends each block of a container file.
SYNC = os.urandom(16)


@dataclass(frozen=True, slots=True)
class Run:
    """Records of one partition in the order of their offsets, at least one."""

    partition: int
    records: Sequence[KafkaRecord]


class _Varints(dict[int, bytes]):
    """Avro's zigzag encoding of whole numbers, remembered."""

    def __missing__(self, number: int) -> bytes:
        encoded = self[number] = zigzag(number)
        return encoded


_ROWS = _Varints()
_ROWS_REMEMBERED = 1 << 17


def zigzag(number: int) -> bytes:
    """`number` as an Avro int or long."""
    rest = (number << 1) ^ (number >> 63)
    encoded = bytearray()
    while rest & ~0x7F:
        encoded.append((rest & 0x7F) | 0x80)
        rest >>= 7
    encoded.append(rest)
    return bytes(encoded)


def container_header(schema: Mapping[str, Any]) -> bytes:
    """The start of a container file whose datums are written with `schema`."""
    text = json.dumps(schema).encode()
    key = b"avro.schema"
    return b"Obj\x01" + zigzag(1) + zigzag(len(key)) + key + zigzag(len(text)) + text + zigzag(0) + SYNC


def build_frame(topic: str, header: bytes, runs: Sequence[Run], known_at: datetime) -> Frame:
    """One frame of `runs` (at least one), all of whose values are written with the header's schema."""
    batch = os.urandom(8)
    beginning = batch + zigzag(milliseconds(known_at))
    rows = _ROWS if len(_ROWS) < _ROWS_REMEMBERED else _Varints()
    times = _Varints()
    pieces, count = [b""], 0
    for run in runs:
        base = run.records[0].offset
        same = beginning + zigzag(run.partition) + zigzag(base)
        values = [
            rows[record.offset - base] + times[max(record.timestamp, 0)] + (record.value or b"")[PREFIX:]
            for record in run.records
        ]
        # Behind each event comes its fence, and then the next one's beginning, which is the same for all of a run.
        pieces += [same, (batch + same).join(values), batch]
        count += len(values)
    size = sum(map(len, pieces))
    pieces[0] = header + zigzag(count) + zigzag(size)
    return Frame(topic, batch, b"".join([*pieces, SYNC]), count)


def milliseconds(moment: datetime) -> int:
    """Since 1970."""
    return round(moment.timestamp() * 1000)
