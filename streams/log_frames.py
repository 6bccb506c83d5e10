"""Builds log frames: record batches as they are, each as one block of an Avro file (schemas/frames.py)."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from schemas.contracts import Field, fields_of
from schemas.frames import PREFIX, log_schema
from schemas.intake import LogFrame, LogPlace, LogShape
from streams.frames import SYNC, container_header, zigzag
from streams.record_batches import LogBatch
from streams.record_reader import MOST_RECORDS

#: Many record batches of fewer records, on average, are cheaper to read one by one than to have as a block each.
_FEWEST_RECORDS = 16
#: Fewer records than these are cheaper in a fenced frame: the statement of a log frame takes longer to plan.
FEW_RECORDS = 4_000
#: So many blocks and bytes in one frame at most: the store's statement names each block, and a frame is in memory.
MOST_BLOCKS = 512
MOST_BYTES = 48 << 20
MOST_HEADERS = 8

#: Types whose length in Avro can be told from what a column holds (sinks/clickhouse/log_frames.py).
_MEASURABLE = frozenset({"boolean", "int", "long", "float", "double", "string", "bytes"})
_ONE_BYTE_SYMBOLS = 64


@dataclass(frozen=True, slots=True)
class OpenedBatch:
    """A record batch decompressed: what its first record looks like, and all of its bytes."""

    partition: int
    batch: LogBatch
    body: bytes | memoryview
    shape: LogShape


def open_batch(partition: int, batch: LogBatch) -> OpenedBatch | None:
    """None where it must be read record by record: gaps, or a first record of another form. Raises `Unreadable`."""
    if not batch.dense or batch.count > MOST_RECORDS:
        return None
    body = batch.body()
    try:
        shape = _shape_of_first(body, batch.append_time)
    except IndexError:
        return None
    return None if shape is None else OpenedBatch(partition, batch, body, shape)


@lru_cache(maxsize=256)
def _measurable(schema_text: str) -> bool:
    schema = json.loads(schema_text)
    unions = [each["type"] for each in schema["fields"] if isinstance(each["type"], list)]
    return all(len(union) == 2 and "null" in union for union in unions) and all(
        field.avro_type in _MEASURABLE
        or (field.avro_type == "enum" and len(field.symbols) <= _ONE_BYTE_SYMBOLS)
        for field in fields_of(schema)
    )


def measurable(schema: Mapping[str, Any]) -> bool:
    """Whether the store can tell how long an event is that was written with `schema`."""
    return _measurable(json.dumps(schema))


def in_crumbs(batches: Sequence[OpenedBatch], few: int) -> bool:
    """Whether records are better read one by one: fewer than `few`, or in very many small batches."""
    records = sum(each.batch.count for each in batches)
    return records < few or (len(batches) > MOST_BLOCKS and records < _FEWEST_RECORDS * len(batches))


def in_frames(batches: Sequence[OpenedBatch]) -> list[list[OpenedBatch]]:
    """`batches` in groups of no more than one frame takes."""
    groups: list[list[OpenedBatch]] = []
    room, blocks = 0, 0
    for opened in batches:
        if not groups or len(opened.body) > room or blocks == MOST_BLOCKS:
            groups.append([])
            room, blocks = MOST_BYTES, 0
        groups[-1].append(opened)
        room -= len(opened.body)
        blocks += 1
    return groups


def build_log_frame(
    topic: str, schema: Mapping[str, Any], batches: Sequence[OpenedBatch], known_at: datetime, longest: int
) -> LogFrame:
    """One frame of `batches` (at least one), all of one shape and with values written with `schema`."""
    shape = batches[0].shape
    header, fields = _prepared(json.dumps(schema), shape.keyed, shape.headers)
    pieces: list[bytes | memoryview] = [header]
    places, row = [], 0
    for opened in batches:
        pieces += [zigzag(opened.batch.count) + zigzag(len(opened.body)), opened.body, SYNC]
        batch = opened.batch
        places.append(LogPlace(row, batch.count, opened.partition, batch.first_offset, batch.time))
        row += batch.count
    return LogFrame(topic, os.urandom(8), pieces, row, shape, fields, places, known_at, longest)


@lru_cache(maxsize=256)
def _prepared(schema_text: str, keyed: bool, headers: int) -> tuple[bytes, tuple[Field, ...]]:
    schema = json.loads(schema_text)
    return container_header(log_schema(schema, keyed, headers)), fields_of(schema)


def _shape_of_first(body: bytes | memoryview, append_time: bool) -> LogShape | None:
    """How the first record is built; None for one without a value in Confluent's wire format."""
    _, at = _varint(body, 0)
    at += 1  # attributes
    _, at = _varint(body, at)
    _, at = _varint(body, at)
    key_length, at = _varint(body, at)
    at += max(key_length, 0)
    value_length, at = _varint(body, at)
    wire = bytes(body[at : at + PREFIX])
    headers, _ = _varint(body, at + max(value_length, 0))
    if value_length <= PREFIX or wire[0] != 0 or not 0 <= headers <= MOST_HEADERS:
        return None
    return LogShape(wire, key_length >= 0, headers, append_time)


def _varint(body: bytes | memoryview, at: int) -> tuple[int, int]:
    """Kafka's and Avro's zigzag number at `at`, and where the next thing begins."""
    number = shift = 0
    while True:
        byte = body[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (number >> 1) ^ -(number & 1), at
        shift += 7


def schema_id(wire: bytes) -> int:
    """The writer's schema id in the first five bytes of a value."""
    found: int = struct.unpack(">xI", wire)[0]
    return found
