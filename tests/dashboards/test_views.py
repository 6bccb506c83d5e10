"""What dashboards work out from the published views is what `PublishedValues` tells, of every kind that they show."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bewithu.fitting.description import description
from dashboards.grafana.sql import daily, definition, on_day
from schemas.indicators import Completeness, Counted, Derived, Sum, has_count
from sinks.clickhouse.database import Database
from sinks.clickhouse.description import write_description
from sinks.clickhouse.disclosure_rules import write_rules
from sinks.clickhouse.published import Cell, PublishedValues
from sinks.indicators.values import counted_sides
from tests.dashboards.expansion import Chosen, expanded
from tests.dashboards.store import INDICATORS, RULES
from tests.events import ManualClock
from tests.stored_moves import Move, store_moves, store_values

FIRST, DAYS = date(2025, 1, 1), 75
LAST = FIRST + timedelta(days=DAYS - 1)
AREAS = ("BE", "02000", "62063")
#: All that are worked out from others, and of the counted ones some of each kind.
SHOWN = {
    name: found for name, found in INDICATORS.items() if isinstance(found, Derived | Sum | Completeness)
} | {
    name: INDICATORS[name]
    for name in ("registrations_7d", "persons_protected", "certified_undeclared_30d", "reception_places")
}


def store(database: Database, seed: int) -> None:
    """Every counted indicator goes up and down around its minimum; in one area nothing is ever heard of some."""
    chance = random.Random(seed)
    store_values(database, INDICATORS, [])
    write_rules(database, [found for found in INDICATORS.values() if isinstance(found, Counted)])
    write_description(database, description(INDICATORS, RULES))
    moves = []
    for found in counted_sides(SHOWN.values(), INDICATORS).values():
        for area in AREAS[: chance.randint(2, len(AREAS))]:
            for part in ("", *(["sex=female"] if ("sex",) in found.breakdowns else [])):
                moves += _series(found, area, part, chance)
    store_moves(database, moves)


def _series(found: Counted, area: str, part: str, chance: random.Random) -> list[Move]:
    moves: list[Move] = []
    held: list[int] = []
    for number in range(chance.choice([0, 0, 20, 40]), DAYS, chance.choice([1, 3])):
        day = FIRST + timedelta(days=number)
        amount = 100 * chance.randint(1, 2_000)
        if isinstance(found, Completeness):
            moves += [Move(found.id, area, part, day, bin_, chance.choice([0, 1])) for bin_ in (0, 1)]
        elif has_count(found):
            moves += [Move(found.id, area, part, day, 0, amount), Move(found.id, area, part, day, 1, 1)]
            held.append(amount)
        elif found.kind == "flow":
            began = chance.choice([0, 1, 2, 3, 9])
            moves.append(Move(found.id, area, part, day, 0, began))
            moves.append(Move(found.id, area, part, day + timedelta(days=7), 2, -began))
        else:
            step = chance.choice([-3, -1, 0, 1, 2, 4])
            moves.append(Move(found.id, area, part, day, 0, max(step, -sum(held))))
            held.append(max(step, -sum(held)))
        if has_count(found) and len(held) > 4 and not isinstance(found, Completeness):
            amount = held.pop(0)
            moves += [Move(found.id, area, part, day, 0, -amount), Move(found.id, area, part, day, 1, -1)]
    return moves


def told(
    database: Database, sql: str, indicator: str, area: str = "BE", last: date = LAST
) -> list[tuple[Any, ...]]:
    chosen = Chosen(FIRST, last, {"indicator": indicator, "area": area})
    return [tuple(row) for row in database.rows(expanded(sql, chosen))]


def same(found: float | None, cell: Cell) -> bool:
    """Nothing that is not told is a number. What was never heard of is told as none by one, as nothing by the other."""
    return found == cell.value or (found is None and not cell.was_heard and cell.value == 0)


def test_every_day_is_told_as_everywhere(database: Database) -> None:
    store(database, 1)
    published = PublishedValues(database, INDICATORS, ManualClock())
    compared = 0
    for number, name in enumerate(SHOWN):
        area = AREAS[number % 2 * 2]
        sql = f"WITH {definition()} SELECT day, value FROM {daily()} ORDER BY day"
        rows = dict(told(database, sql, name, area))
        assert len(rows) == DAYS
        for cell in published.totals([name], [area], FIRST, LAST):
            assert same(rows[cell.day], cell), (cell, rows[cell.day])
            compared += cell.value is not None
    assert compared > 400


def test_a_day_is_told_as_everywhere_in_all_areas_and_parts(database: Database) -> None:
    store(database, 3)
    published = PublishedValues(database, INDICATORS, ManualClock())
    kinds = set()
    for name, found in SHOWN.items():
        for last in (LAST, FIRST + timedelta(days=33)):
            sql = f"WITH {definition()} SELECT area, breakdown, value FROM {on_day('1 = 1')}"
            rows = {(area, part): value for area, part, value in told(database, sql, name, last=last)}
            cells = published.totals([name], AREAS, last, last)
            if found.breakdowns:
                cells += [cell for area in AREAS for cell in published.breakdowns(name, area, last)]
            for cell in cells:
                value = rows.get((cell.area, cell.breakdown))
                assert same(value, cell), (cell, value)
                kinds |= {found.kind} if cell.value else set()
    assert kinds == {found.kind for found in SHOWN.values()}


def test_all_kinds_of_derived_indicators_are_among_those_compared() -> None:
    assert {type(found) for found in SHOWN.values() if isinstance(found, Derived)} == set(Derived.__args__)


def test_provisional_is_what_may_still_change(database: Database) -> None:
    today = datetime.now(UTC).date()
    store_values(database, INDICATORS, [])
    write_rules(database, [found for found in INDICATORS.values() if isinstance(found, Counted)])
    store_moves(database, [Move("registrations_month", "BE", "", today - timedelta(days=40), 0, 50)])
    rows = database.rows(
        "SELECT day, provisional FROM published_days WHERE indicator = 'registrations_month' AND area = 'BE'"
        " AND day IN ({days:Array(Date32)})",
        days=[today - timedelta(days=number) for number in (0, 10)],
    )
    assert [provisional for _, provisional in sorted(rows)] == [False, True]
