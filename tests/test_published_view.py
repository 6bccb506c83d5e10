"""The view for dashboards tells what the board, the API and the mails tell."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date, timedelta
from importlib.resources import files

from schemas.indicators import Counted, Duration, Indicators, load_indicators
from sinks.clickhouse.database import Database
from sinks.clickhouse.disclosure_rules import write_rules
from sinks.clickhouse.published import PublishedValues
from tests.events import ManualClock
from tests.stored_moves import Held, Move, store_moves, store_values

INDICATORS = load_indicators(files("streams.indicators"))
COUNTS = ("persons_protected", "persons_on_living_wage")
FLOW = "registrations_7d"
AMOUNT = "living_wage_amounts"
AREAS = ("BE", "04000", "21000", "62063")
FIRST, DAYS = date(2025, 3, 1), 40


def rules(database: Database, indicators: Indicators) -> None:
    write_rules(database, [found for found in indicators.values() if isinstance(found, Counted)])


def store(database: Database) -> None:
    """Counts that go up and down around the minimum, and amounts of nobody, of few and of many persons."""
    chance = random.Random(4)
    store_values(database, INDICATORS, [])
    held = [
        Held(name, FIRST + timedelta(days=number), chance.choice([0, 1, 3, 5, 6, 9, 11, 250]), area, part)
        for name in COUNTS
        for area in AREAS
        for part in ("", "sex=female")
        for number in range(DAYS)
    ]
    store_values(database, INDICATORS, held)
    moves = [
        Move(AMOUNT, "BE", "", FIRST + timedelta(days=number), bin_, delta)
        for number in range(DAYS)
        for bin_, delta in ((0, chance.randint(1, 10**6)), (1, chance.randint(0, 2) * (number > 2)))
    ]
    for number in range(DAYS):
        began = chance.choice([0, 0, 1, 2, 3, 9])
        for later, bin_, delta in ((0, 0, began), (7, 2, -began)):
            day = FIRST + timedelta(days=number + later)
            moves.append(Move(FLOW, "BE", "", day, bin_, delta))
    store_moves(database, moves)


def view(database: Database, indicator: str, area: str, part: str) -> Mapping[date, tuple[object, ...]]:
    """On each day what the view tells; before its first row nothing is."""
    rows = database.rows(
        "SELECT day, value, denominator, suppressed FROM published_values"
        " WHERE indicator = {indicator:String} AND area = {area:String} AND breakdown = {part:String} ORDER BY day",
        indicator=indicator, area=area, part=part,
    )  # fmt: skip
    found: dict[date, tuple[object, ...]] = {}
    for number in range(DAYS):
        day = FIRST + timedelta(days=number)
        upto = [tuple(told) for on, *told in rows if on <= day]
        found[day] = upto[-1] if upto else (None, None, True)
    return found


def test_it_tells_what_all_others_tell(database: Database) -> None:
    store(database)
    rules(database, INDICATORS)
    published = PublishedValues(database, INDICATORS, ManualClock())
    until = FIRST + timedelta(days=DAYS - 1)
    compared = 0
    for indicator, areas in [*((name, AREAS) for name in COUNTS), (AMOUNT, ("BE",)), (FLOW, ("BE",))]:
        for area in areas:
            found = view(database, indicator, area, "")
            for cell in published.totals([indicator], [area], FIRST, until):
                told = found[cell.day]
                assert told == (cell.value, cell.denominator, cell.suppressed), cell
                compared += cell.suppressed or bool(cell.value)
    assert compared > 200


def test_it_tells_breakdowns_alike(database: Database) -> None:
    store(database)
    rules(database, INDICATORS)
    published = PublishedValues(database, INDICATORS, ManualClock())
    for number in range(DAYS):
        day = FIRST + timedelta(days=number)
        cells = {cell.breakdown: cell for cell in published.breakdowns(COUNTS[0], "BE", day)}
        told = view(database, COUNTS[0], "BE", "sex=female")[day]
        assert told[0] == cells["sex=female"].value


def test_a_day_on_which_the_same_is_told_has_no_row(database: Database) -> None:
    """Else its rows would count the days on which a small number moved."""
    held = [Held(COUNTS[0], FIRST + timedelta(days=number), number) for number in range(1, 8)]
    store_values(database, INDICATORS, held)
    rules(database, INDICATORS)
    rows = database.rows("SELECT day, value, suppressed FROM published_values ORDER BY day")
    assert rows == [(FIRST + timedelta(days=5), 5.0, False)]


def test_that_somebody_is_in_a_cell_of_few_is_not_told_nor_since_when(database: Database) -> None:
    """A cell in which nobody ever was looks like one with four persons."""
    store_values(database, INDICATORS, [Held(COUNTS[0], FIRST, 4), Held(COUNTS[0], FIRST, 5, "62063")])
    rules(database, INDICATORS)
    for name in ("published_values", "published_days"):
        rows = database.rows(f"SELECT DISTINCT area FROM {name} WHERE day = {{day:Date32}}", day=FIRST)
        assert rows == [("62063",)], name


def test_what_has_no_rule_is_not_told(database: Database) -> None:
    store_values(database, INDICATORS, [Held(COUNTS[0], FIRST, 20)])
    assert database.rows("SELECT * FROM published_values") == []
    others = {name: found for name, found in INDICATORS.items() if isinstance(found, Duration)}
    rules(database, others)
    assert database.rows("SELECT * FROM published_values") == []
    rules(database, INDICATORS)
    assert len(database.rows("SELECT * FROM published_values")) == 1


def test_rules_are_written_once_and_again_when_they_change(database: Database) -> None:
    def stored() -> int:
        return int(database.value("SELECT count() FROM disclosure_rules"))

    rules(database, INDICATORS)
    before = stored()
    rules(database, INDICATORS)
    assert stored() == before
    changed = INDICATORS[COUNTS[0]].model_copy(update={"minimum_cell": 10})
    rules(database, {**INDICATORS, changed.id: changed})
    assert stored() == before + 1
    assert database.value(
        "SELECT minimum_cell FROM disclosure_rules FINAL WHERE indicator = 'persons_protected'"
    ) == 10  # fmt: skip
