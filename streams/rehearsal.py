"""A store for a replay that changes nothing: it judges by the contract's check and keeps nothing."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import fastavro

from bewithu.errors import DataRefused
from schemas.contracts import contracts
from schemas.intake import BatchNote, Frame, LogFrame, Refusal
from schemas.quarantine import Earlier, Span

_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)


class RehearsalStore:
    """A `FactStore` (streams/ports.py). A test has it judge as ClickHouse does."""

    def insert(self, frame: Frame | LogFrame) -> Sequence[tuple[int, int]]:
        assert isinstance(frame, Frame), "a replay gives single records, which make no log frame"
        check = contracts()[frame.topic].check
        return [
            (row["kafka_partition"], row["base_offset"] + row["row"])
            for row in self._rows(frame)
            if check(row, _published(row["kafka_time"], row["known_at"]))
        ]

    def earlier(self, spans: Sequence[Span]) -> Sequence[Earlier]:
        return [Earlier() for _ in spans]

    def mark_accepted(self, refusals: Sequence[Refusal], now: datetime) -> None: ...

    def quarantine(self, refusals: Sequence[Refusal]) -> None: ...

    def note(self, notes: Sequence[BatchNote]) -> None: ...

    def _rows(self, frame: Frame) -> list[dict[str, Any]]:
        try:
            rows: list[Any] = list(fastavro.reader(io.BytesIO(frame.block)))
        except (EOFError, IndexError, ValueError, OverflowError, TypeError, ArithmeticError) as error:
            raise DataRefused(type(error).__name__) from error
        if len(rows) != frame.records or any(row["fence"] != frame.batch for row in rows):
            raise DataRefused("a datum's length is wrong")
        return rows


def _published(kafka_time: datetime, known_at: datetime) -> datetime:
    return min(kafka_time, known_at) if kafka_time > _NO_TIME else known_at
