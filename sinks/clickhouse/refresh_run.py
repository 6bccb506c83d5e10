"""A refresh under way: its number, the clock that it goes by, and whether it may go on."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import polars as pl

from bewithu.errors import LeadLost
from sinks.clickhouse.database import Database

#: A batch, the frames that it was stored in, its topic, Kafka's time of its first record in ms, 0 for none.
Pending = tuple[UUID, Sequence[int], str, int]


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is to be refreshed (sql/refresh_ahead.sql)."""

    finished: int
    newest: int
    unmoved: Sequence[int]
    pending: Sequence[Pending]
    notes: int
    leaving: int
    at: int
    term: int


@dataclass(slots=True)
class Run:
    """`number` is what its next steps are written under."""

    number: int
    now: datetime
    started: float
    leads: Callable[[], bool]
    term: int = 0
    changed: int = 0

    @classmethod
    def begin(cls, ahead: Ahead, now: datetime, leads: Callable[[], bool]) -> Run:
        """Its number is above those of refreshes that broke off, which may be of another clock."""
        number = max(ahead.finished + 1, ahead.newest + 1, time.time_ns() // 1000)
        return cls(number, now, time.monotonic(), leads, ahead.term)

    def require_lead(self) -> None:
        """Asked before every write."""
        if not self.leads():
            raise LeadLost("another worker leads, or may soon: the refresh is left to it")

    def insert(self, database: Database, table: str, rows: pl.DataFrame) -> None:
        """All rows in one block; none, and `LeadLost`, when another term has begun."""
        self.require_lead()
        database.insert_frame(table, rows, self.term)

    def insert_selected(self, database: Database, selecting: str, **parameters: Any) -> None:
        """An INSERT … SELECT that asks for `term` itself: it writes nothing when another one has begun."""
        self.require_lead()
        database.run(selecting, term=self.term, **parameters)
