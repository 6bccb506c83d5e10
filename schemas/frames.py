"""The frame around an event on its way into the store: what both the ingest and the landing tables know.

An Avro record is the concatenation of its fields. So a Kafka value can be wrapped without parsing it:
    batch, known_at, kafka_partition, base_offset | row, kafka_time | the event's own fields | fence
`batch` and `fence` are the same 8 random bytes. A datum of the wrong length shifts what follows it and breaks
its own fence, so a damaged event can never be stored, nor damage its neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TIMESTAMP = {"type": "long", "logicalType": "timestamp-millis"}
_FENCE = {"type": "fixed", "name": "be.bewithu.frame.Fence", "size": 8}

#: Fields in front of the event's own: the first four are the same for the whole batch.
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


def frame_schema(writer_schema: Mapping[str, Any]) -> dict[str, Any]:
    """The Avro schema of a frame around events that were written with `writer_schema` (a record)."""
    return {
        "type": "record",
        "name": writer_schema["name"],
        "namespace": writer_schema.get("namespace", ""),
        "fields": [*BEFORE, *writer_schema["fields"], *AFTER],
    }
