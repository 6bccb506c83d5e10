"""Puts values into the store as moves, for tests of what reads them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from datetime import UTC, date, datetime
from itertools import groupby

from schemas.indicators import Counted, Indicators
from sinks.clickhouse.database import Database
from sinks.clickhouse.generations import STANDS, notes, read_generations

KNOWN = datetime(2025, 3, 9, 12, 30, tzinfo=UTC)
GENERATION = 7


@dataclass(frozen=True, slots=True)
class Held:
    """What a series holds from a day on."""

    indicator: str
    day: date
    value: float
    area: str = "BE"
    breakdown: str = ""
    known_at: datetime = KNOWN

    @property
    def series(self) -> tuple[str, str, str]:
        return self.indicator, self.area, self.breakdown


@dataclass(frozen=True, slots=True)
class Move:
    """From `day` on the series is higher by `delta`, in one of the bins that are summed apart."""

    indicator: str
    area: str
    breakdown: str
    day: date
    bin: int
    delta: int
    known_at: datetime = KNOWN


def store_values(database: Database, indicators: Indicators, values: Iterable[Held]) -> None:
    """All values of a series in one call. Every indicator stands afterwards."""
    counted = [found for found in indicators.values() if isinstance(found, Counted)]
    if not read_generations(database):
        database.insert_frame("generations", notes([(found, GENERATION, STANDS) for found in counted], KNOWN))
    moves = []
    for series, held in groupby(
        sorted(values, key=lambda each: (*each.series, each.day)), lambda each: each.series
    ):
        before = 0.0
        for each in held:
            moves.append(Move(*series, each.day, 0, round(each.value - before), each.known_at))
            before = each.value
    store_moves(database, moves)


def store_moves(database: Database, moves: Iterable[Move]) -> None:
    """Of the generation that stands after `store_values`."""
    columns = [field.name for field in fields(Move)]
    rows = [[*astuple(each), GENERATION, 1] for each in moves]
    database.insert("moves", [*columns, "generation", "refresh"], rows)
