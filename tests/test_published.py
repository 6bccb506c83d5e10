"""What may be published: values carried from day to day, and small cells hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.areas import area, children
from schemas.indicators import load_indicators
from sinks.clickhouse.database import Database
from sinks.clickhouse.published import Cell, PublishedValues
from tests.events import ManualClock
from tests.stored_moves import KNOWN, Held, store_values

INDICATORS = load_indicators(files("streams.indicators"))
FLOW, SHARE = "registrations_7d", "share_protected_on_living_wage"
PART, WHOLE = "persons_on_living_wage", "persons_protected"
FIRST = date(2025, 3, 1)
CLOCK = ManualClock()
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
    indicator: str = FLOW
    area: str = "BE"
    breakdown: str = ""


@pytest.fixture
def published(database: Database) -> PublishedValues:
    return PublishedValues(database, INDICATORS, CLOCK)


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


def values(published: PublishedValues, since: int, until: int, place: str = "BE") -> list[float | None]:
    return [cell.value for cell in published.totals([FLOW], [place], day(since), day(until))]


def only(published: PublishedValues, indicator: str, place: str = "BE") -> Cell:
    (cell,) = published.totals([indicator], [place], day(1), day(1))
    return cell


# --- from day to day ---


def test_a_value_holds_until_the_next_one(database: Database, published: PublishedValues) -> None:
    # day      1   2   3   4   5   6
    # stored       10      12
    store(database, Row(2, 10), Row(4, 12))
    assert values(published, 1, 6) == [0, 10, 10, 12, 12, 12]


def test_what_held_before_the_first_day_is_carried_into_it(
    database: Database, published: PublishedValues
) -> None:
    # day      1   2   3   4   5
    # stored   8   10          9
    # asked            ^-------^
    store(database, Row(1, 8), Row(2, 10), Row(5, 9))
    assert values(published, 3, 5) == [10, 10, 9]


def test_what_is_known_of_days_to_come_is_not_shown_yet(
    database: Database, published: PublishedValues
) -> None:
    # A flow's window ends by itself: the fall on day 8 is stored on day 1.
    store(database, Row(1, 10), Row(8, 0))
    assert values(published, 7, 7) == [10]
    assert values(published, 7, 8) == [10, 0]


def test_a_cell_tells_when_it_last_changed_and_whether_it_is_provisional(
    database: Database, published: PublishedValues
) -> None:
    delay = INDICATORS[FLOW].usual_delay_days
    CLOCK.moment = datetime.combine(day(3) + timedelta(days=delay), time(12), UTC)
    store(database, Row(2, 10, hour=3), Row(3, 12, hour=2))
    never, first, second, carried = published.totals([FLOW], ["BE"], day(1), day(4))
    assert (never.value, never.known_at, never.provisional) == (0.0, None, False)
    assert (first.known_at, first.provisional) == (KNOWN + timedelta(hours=3), False)
    # It rests on the day before, of which was heard later.
    assert (second.known_at, second.provisional) == (KNOWN + timedelta(hours=3), False)
    assert (carried.day, carried.value, carried.provisional) == (day(4), 12.0, True)


def test_cells_come_by_indicator_then_area_then_day(published: PublishedValues) -> None:
    cells = published.totals([WHOLE, FLOW], ["BE", "02000"], day(1), day(2))
    assert [(cell.indicator, cell.area, cell.day) for cell in cells] == [
        (indicator, place, day(number)) for indicator in (WHOLE, FLOW) for place in ("BE", "02000") for number in (1, 2)
    ]  # fmt: skip


ROWS = st.lists(
    st.builds(Row, st.integers(1, 8), st.integers(0, 99).map(float)),
    max_size=12,
    unique_by=lambda row: row.day,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS, st.integers(1, 8), st.integers(0, 7))
def test_any_values_give_what_is_counted_by_hand(
    database: Database, rows: list[Row], since: int, more: int
) -> None:
    database.run("TRUNCATE TABLE moves")
    store(database, *rows)
    expected = []
    for number in range(since, since + more + 1):
        known = [row for row in rows if row.day <= number]
        value = max(known, key=lambda row: row.day).value if known else 0.0
        expected.append(None if 0 < value < INDICATORS[FLOW].minimum_cell else value)
    assert values(PublishedValues(database, INDICATORS, CLOCK), since, since + more) == expected


# --- small cells ---


def test_a_small_count_is_hidden_with_its_sides_and_the_next_smallest_sibling_with_it(
    database: Database, published: PublishedValues
) -> None:
    other = next(code for code in children("62000") if code not in (LIEGE, SERAING))
    store(
        database,
        Row(1, 3, area=LIEGE),
        Row(1, 20, area=SERAING),
        Row(1, 40, area=other),
        Row(1, 63, area="62000"),
    )
    assert area(LIEGE).parent == "62000"
    cells = published.totals([FLOW], [LIEGE, SERAING, other, "62000"], day(1), day(1))
    assert [cell.suppressed for cell in cells] == [True, True, False, False]
    hidden = cells[0]
    assert (hidden.value, hidden.numerator, hidden.denominator) == (None, None, None)


def test_each_day_is_judged_by_its_own_counts(database: Database, published: PublishedValues) -> None:
    store(
        database, Row(1, 3, area=LIEGE), Row(2, 5, area=LIEGE), Row(3, 0, area=LIEGE), Row(4, 4, area=LIEGE)
    )
    assert values(published, 1, 4, LIEGE) == [None, 5, 0, None]


# --- ratios ---


def test_a_ratio_is_shown_with_its_sides(database: Database, published: PublishedValues) -> None:
    store(database, *share(30, 120))
    found = only(published, SHARE)
    assert (found.value, found.numerator, found.denominator, found.suppressed) == (0.25, 30.0, 120.0, False)


@pytest.mark.parametrize(
    ("part", "whole", "hidden"), [(4, 120, True), (2, 4, True), (5, 120, False), (0, 120, False)]
)
def test_a_ratio_is_hidden_when_a_side_is(
    database: Database, published: PublishedValues, part: float, whole: float, hidden: bool
) -> None:
    store(database, *share(part, whole))
    found = only(published, SHARE)
    assert found.suppressed is hidden
    assert (found.value is None) is hidden
    assert (found.numerator is None) is hidden


def test_a_ratio_is_hidden_where_a_side_protects_a_sibling(
    database: Database, published: PublishedValues
) -> None:
    store(database, *share(2, 50, LIEGE), *share(20, 60, SERAING), *share(22, 110, "62000"))
    assert only(published, PART, SERAING).suppressed
    assert only(published, SHARE, SERAING).suppressed
    assert not only(published, SHARE, "62000").suppressed


def test_a_ratio_of_nobody_has_no_value_and_is_not_hidden(
    database: Database, published: PublishedValues
) -> None:
    store(database, *share(0, 0))
    found = only(published, SHARE)
    assert (found.value, found.suppressed, found.denominator) == (None, False, 0.0)


def test_a_ratio_that_was_never_known_has_no_value(published: PublishedValues) -> None:
    found = only(published, SHARE)
    assert (found.value, found.suppressed, found.known_at) == (None, False, None)


# --- breakdowns ---


def sexes(female: float, male: float, place: str = "BE", indicator: str = FLOW) -> Sequence[Row]:
    total = Row(1, female + male, area=place, indicator=indicator)
    parts = (("sex=female", female), ("sex=male", male))
    return total, *(Row(1, n, area=place, indicator=indicator, breakdown=name) for name, n in parts)


def of_sexes(
    published: PublishedValues, indicator: str, place: str = "BE"
) -> tuple[float | None, float | None]:
    """What is published of women and of men."""
    cells = {cell.breakdown: cell.value for cell in published.breakdowns(indicator, place, day(1))}
    return cells["sex=female"], cells["sex=male"]


def test_every_declared_breakdown_has_its_cell(database: Database, published: PublishedValues) -> None:
    store(database, *sexes(20, 30))
    cells = {cell.breakdown: cell for cell in published.breakdowns(FLOW, "BE", day(1))}
    assert {name.partition("=")[0] for name in cells} == {"sex", "age_group"}
    assert (cells["sex=female"].value, cells["sex=male"].value, cells["sex=unknown"].value) == (20, 30, 0)
    assert all(cell.day == day(1) and not cell.suppressed for cell in cells.values())


def test_breakdowns_are_hidden_together_with_their_total(
    database: Database, published: PublishedValues
) -> None:
    # Seraing's parts are large enough; its total is hidden for Liège's sake, and they would add up to it.
    store(database, *sexes(1, 1, LIEGE), *sexes(20, 30, SERAING), *sexes(21, 31, "62000"))
    for place in (LIEGE, SERAING):
        assert all(
            cell.suppressed and cell.value is None for cell in published.breakdowns(FLOW, place, day(1))
        )
    assert of_sexes(published, FLOW, "62000") == (21, 31)


def test_one_small_part_takes_the_next_smallest_along(database: Database, published: PublishedValues) -> None:
    store(database, *sexes(4, 30))
    assert of_sexes(published, FLOW) == (None, None)


def test_a_part_of_a_ratio_is_hidden_when_the_part_of_a_side_is(
    database: Database, published: PublishedValues
) -> None:
    parts = (("sex=female", 3, 60), ("sex=male", 20, 70))
    by_sex = [row for name, part, whole in parts for row in share(part, whole, breakdown=name)]
    store(database, *share(3 + 20, 60 + 70), *by_sex)
    assert not only(published, SHARE).suppressed
    assert of_sexes(published, SHARE) == (None, None)
    assert of_sexes(published, WHOLE) == (60, 70)
