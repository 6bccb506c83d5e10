"""Puts values into the store as moves, for tests of what reads them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby

from schemas.indicators import Counted, Indicators
from sinks.clickhouse.database import Database
from sinks.clickhouse.generations import STANDS, note, read_generations

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


def store_values(database: Database, indicators: Indicators, values: Iterable[Held]) -> None:
    """All values of a series in one call. Every indicator stands afterwards."""
    counted = [found for found in indicators.values() if isinstance(found, Counted)]
    if not read_generations(database):
        note(database, [(found, GENERATION, STANDS) for found in counted], KNOWN)
    rows = []
    for series, held in groupby(
        sorted(values, key=lambda each: (*each.series, each.day)), lambda each: each.series
    ):
        before = 0.0
        for each in held:
            rows.append([*series, GENERATION, each.day, 0, round(each.value - before), each.known_at, 1])
            before = each.value
    columns = ["indicator", "area", "breakdown", "generation", "day", "bin", "delta", "known_at", "refresh"]
    database.insert("moves", columns, rows)
