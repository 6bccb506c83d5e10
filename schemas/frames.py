"""The frames around events on their way into the store: what both the ingest and the landing tables know.

An Avro record is the concatenation of its fields. So a Kafka value can be wrapped without parsing it, in two ways.

*Fenced*, around each event:
    batch, known_at, kafka_partition, base_offset | row, kafka_time | the event's own fields | fence
`batch` and `fence` are the same 8 random bytes. A datum of the wrong length shifts what follows it and breaks
its own fence, so a damaged event can never be stored, nor damage its neighbours.

*As in Kafka's log*: a record batch writes its numbers just as Avro does, so its records are an Avro block already:
    length, attributes, time and offset delta, key, value length | magic byte and schema id | the event | headers
Here the lengths that Kafka wrote are the fence: the store works out how long each event is from what it read
(sinks/clickhouse/log_frames.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TIMESTAMP = {"type": "long", "logicalType": "timestamp-millis"}
_FENCE = {"type": "fixed", "name": "be.bewithu.frame.Fence", "size": 8}

#: Fields in front of a fenced event's own: the first four are the same for the whole batch.
BEFORE: tuple[Mapping[str, Any], ...] = (
    {"name": "batch", "type": _FENCE},
    {"name": "known_at", "type": _TIMESTAMP},
    {"name": "kafka_partition", "type": "int"},
    {"name": "base_offset", "type": "long"},
    {"name": "row", "type": "int"},
    {"name": "kafka_time", "type": _TIMESTAMP},
)
AFTER: tuple[Mapping[str, Any], ...] = ({"name": "fence", "type": "be.bewithu.frame.Fence"},)

#: The same fields as ClickHouse columns.
COLUMNS: Mapping[str, str] = {
    "batch": "FixedString(8)",
    "known_at": "DateTime64(3, 'UTC')",
    "kafka_partition": "Int32",
    "base_offset": "Int64",
    "row": "Int32",
    "kafka_time": "DateTime64(3, 'UTC')",
    "fence": "FixedString(8)",
}

#: Confluent's wire format: a zero byte, then the schema id in four bytes, big-endian.
PREFIX = 5


def frame_schema(writer_schema: Mapping[str, Any]) -> dict[str, Any]:
    """The Avro schema of a fenced frame around events that were written with `writer_schema` (a record)."""
    return _around(BEFORE, writer_schema, AFTER)


def log_schema(writer_schema: Mapping[str, Any], keyed: bool, headers: int) -> dict[str, Any]:
    """The Avro schema of records in Kafka's log whose values were written with `writer_schema`.

    All of them have a key, or none has; and all have as many headers.
    """
    before = (
        {"name": "kafka_length", "type": "long"},
        {"name": "kafka_attributes", "type": _fixed("Attributes", 1)},
        {"name": "kafka_time_delta", "type": "long"},
        {"name": "kafka_offset_delta", "type": "long"},
        # No key has the length -1, which Avro's `bytes` do not know.
        {"name": "kafka_key", "type": "bytes"} if keyed else {"name": "kafka_key_length", "type": "long"},
        {"name": "kafka_value_length", "type": "long"},
        {"name": "kafka_wire", "type": _fixed("Wire", PREFIX)},
    )
    after = (
        {"name": "kafka_headers", "type": "long"},
        *(
            {"name": f"kafka_header_{number}_{part}", "type": "bytes"}
            for number in range(headers)
            for part in ("name", "value")
        ),
    )
    # A decimal is read as its bytes, so that the store can tell how many they were.
    fields = [{**field, "type": _without_decimal(field["type"])} for field in writer_schema["fields"]]
    return _around(before, {**writer_schema, "fields": fields}, after)


def log_columns(keyed: bool, headers: int) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """The fields of `log_schema` as ClickHouse columns: before and behind the event's own."""
    key = {"kafka_key": "String"} if keyed else {"kafka_key_length": "Int64"}
    before = {
        "kafka_length": "Int64",
        "kafka_attributes": "FixedString(1)",
        "kafka_time_delta": "Int64",
        "kafka_offset_delta": "Int64",
        **key,
        "kafka_value_length": "Int64",
        "kafka_wire": f"FixedString({PREFIX})",
    }
    after = {"kafka_headers": "Int64"} | {
        f"kafka_header_{number}_{part}": "String" for number in range(headers) for part in ("name", "value")
    }
    return before, after


def _fixed(name: str, size: int) -> dict[str, Any]:
    return {"type": "fixed", "name": f"be.bewithu.frame.{name}", "size": size}


def _without_decimal(kind: Any) -> Any:
    if isinstance(kind, list):
        return [_without_decimal(branch) for branch in kind]
    if isinstance(kind, Mapping) and kind.get("logicalType") == "decimal" and kind.get("type") == "bytes":
        return "bytes"
    return kind


def _around(
    before: tuple[Mapping[str, Any], ...], writer: Mapping[str, Any], after: tuple[Mapping[str, Any], ...]
) -> dict[str, Any]:
    return {
        "type": "record",
        "name": writer["name"],
        "namespace": writer.get("namespace", ""),
        "fields": [*before, *writer["fields"], *after],
    }
