"""Parts of a partition's log as a broker sends them, taken in as the transport does it."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

from aiokafka.record.legacy_records import LegacyRecordBatchBuilder

from schemas.contracts import Contract
from schemas.examples import PUBLISHED_AT
from sinks.clickhouse.database import Database
from streams.batches import RecordBatch
from streams.intake import Outcome
from streams.record_batches import LogBatch, complete_batches, read_batch
from tests.intake_samples import REGISTRATION, Clock, Registry, as_fact, encoded, facts, intake_to, sample
from tests.kafka_batches import CODECS, Written

#: Batches of two sizes, as few records may go another way than many.
FEW, MANY = 3, 700
_seconds = itertools.count(1)


def new_events(count: int, contract: Contract = REGISTRATION, **changes: Any) -> list[dict[str, Any]]:
    event = sample(contract, **changes)
    return [{**event, "event_id": uuid4()} for _ in range(count)]


def written(events: Sequence[dict[str, Any]], contract: Contract = REGISTRATION) -> list[Written]:
    return [Written(encoded(event, contract), b"key", [("agency", b"dvz")]) for event in events]


def as_facts(events: Sequence[dict[str, Any]], contract: Contract = REGISTRATION) -> set[tuple[Any, ...]]:
    return {as_fact(contract, event) for event in events}


def read_log(data: bytes, wanted_from: int = 0) -> tuple[list[LogBatch], int]:
    """What is wanted of fetched bytes, and where the next fetch begins."""
    found = []
    for raw in complete_batches(data):
        batch, behind = read_batch(raw, wanted_from)
        wanted_from = max(behind, wanted_from)
        if batch is not None:
            found.append(batch)
    return found, wanted_from


def in_log(
    data: bytes, wanted_from: int = 0, topic: str = REGISTRATION.topic, partition: int = 0
) -> RecordBatch:
    log, _ = read_log(data, wanted_from)
    assert log, "nothing is wanted of these bytes"
    return RecordBatch(topic, partition, log=log)


#: With so few records or more, batches go as they stand.
AS_THEY_STAND = 0


class Taking:
    """One take at a moment of its own, by which its facts are found again. Fewer than `few_records` are read."""

    def __init__(
        self, database: Database, registry: Registry | None = None, few_records: int = AS_THEY_STAND
    ) -> None:
        self._database = database
        self._clock = Clock(PUBLISHED_AT + timedelta(seconds=next(_seconds)))
        self._intake = intake_to(database, registry, self._clock, few_records)

    def take(self, *batches: RecordBatch) -> Outcome:
        return self._intake.take(*batches)

    def facts(self, contract: Contract = REGISTRATION) -> set[tuple[Any, ...]]:
        return facts(self._database, contract, self._clock.moment)


def old_log(records: Sequence[Written], base: int, magic: int, codec: str = "none") -> bytes:
    """Formats 0 and 1 as a broker of before 0.11 keeps them.

    Without compression each message stands alone. A compressed set is one message at the last one's offset; in
    format 1 those inside are counted from 0.
    """
    builder = LegacyRecordBatchBuilder(magic, CODECS[codec], 1 << 24)
    inside = 0 if magic and codec != "none" else base
    for row, record in enumerate(records):
        assert builder.append(inside + row, record.time, record.key, record.value)
    raw = bytearray(builder.build())
    if codec != "none":
        struct.pack_into(">q", raw, 0, base + len(records) - 1)
    return bytes(raw)
