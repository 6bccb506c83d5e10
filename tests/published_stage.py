"""What tests of published values share: series that hold something from a day on, and reading them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files

from schemas.indicators import load_indicators
from sinks.clickhouse.database import Database
from sinks.clickhouse.published import Cell, PublishedValues
from tests.stored_moves import KNOWN, Held, Move, store_moves, store_values

INDICATORS = load_indicators(files("streams.indicators"))
EXACT = {name: found.model_copy(update={"minimum_cell": 0}) for name, found in INDICATORS.items()}
FLOW, SHARE = "registrations_7d", "share_protected_on_living_wage"
AMOUNT, STOCK = "living_wage_amounts", "persons_protected"
CHANGE = "persons_protected_change_30d"
PART, WHOLE = "persons_on_living_wage", "persons_protected"
FIRST = date(2025, 3, 1)
LIEGE, SERAING = "62063", "62096"


def day(number: int) -> date:
    """The test's first day is 1."""
    return FIRST + timedelta(days=number - 1)


@dataclass(frozen=True, slots=True)
class Row:
    """What a series holds from a day on. `hour`: when it was known, after `KNOWN`."""

    day: int
    value: float
    hour: int = 1
    indicator: str = STOCK
    area: str = "BE"
    breakdown: str = ""


def store(database: Database, *rows: Row) -> None:
    held = (
        Held(
            row.indicator, day(row.day), row.value, row.area, row.breakdown, KNOWN + timedelta(hours=row.hour)
        )
        for row in rows
    )
    store_values(database, INDICATORS, held)


def share(part: float, whole: float, place: str = "BE", breakdown: str = "") -> Sequence[Row]:
    """The two sides of a ratio."""
    return (
        Row(1, part, indicator=PART, area=place, breakdown=breakdown),
        Row(1, whole, indicator=WHOLE, area=place, breakdown=breakdown),
    )


def move(database: Database, indicator: str, moves: Sequence[tuple[int, int, int]]) -> None:
    """Day, bin and delta; the country's totals."""
    store(database, Row(1, 0, indicator=indicator))
    store_moves(database, (Move(indicator, "BE", "", day(on), bin_, delta) for on, bin_, delta in moves))


def values(published: PublishedValues, since: int, until: int, place: str = "BE") -> list[float | None]:
    return [cell.value for cell in published.totals([STOCK], [place], day(since), day(until))]


def only(published: PublishedValues, indicator: str, place: str = "BE", on: int = 1) -> Cell:
    (cell,) = published.totals([indicator], [place], day(on), day(on))
    return cell
