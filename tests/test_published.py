"""What may be published: values carried from day to day, shares, changes and breakdowns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.indicators import Change
from sinks.clickhouse.database import Database
from sinks.clickhouse.published import PublishedValues
from tests.events import ManualClock
from tests.published_stage import (
    CHANGE,
    EXACT,
    INDICATORS,
    PART,
    SHARE,
    STOCK,
    WHOLE,
    Row,
    day,
    only,
    share,
    store,
    values,
)
from tests.stored_moves import KNOWN

CLOCK = ManualClock()


@pytest.fixture
def published(database: Database) -> PublishedValues:
    return PublishedValues(database, INDICATORS, CLOCK)


@pytest.fixture
def exact(database: Database) -> PublishedValues:
    """Without a minimum cell all are told as they are."""
    return PublishedValues(database, EXACT, CLOCK)


# --- from day to day ---


def test_a_value_holds_until_the_next_one(database: Database, exact: PublishedValues) -> None:
    # day      1   2   3   4   5   6
    # stored       10      12
    store(database, Row(2, 10), Row(4, 12))
    assert values(exact, 1, 6) == [0, 10, 10, 12, 12, 12]


def test_what_held_before_the_first_day_is_carried_into_it(
    database: Database, exact: PublishedValues
) -> None:
    # day      1   2   3   4   5
    # stored   8   10          9
    # asked            ^-------^
    store(database, Row(1, 8), Row(2, 10), Row(5, 9))
    assert values(exact, 3, 5) == [10, 10, 9]


def test_what_is_known_of_days_to_come_is_not_shown_yet(database: Database, exact: PublishedValues) -> None:
    # A flow's window ends by itself: the fall on day 8 is stored on day 1.
    store(database, Row(1, 10), Row(8, 0))
    assert values(exact, 7, 7) == [10]
    assert values(exact, 7, 8) == [10, 0]


def test_a_cell_tells_up_to_when_it_is_complete_and_whether_it_is_provisional(
    database: Database, exact: PublishedValues
) -> None:
    complete_upto = KNOWN + timedelta(hours=5)
    database.insert(
        "refreshes",
        ["refresh", "known_at", "batches", "changed_values", "milliseconds"],
        [[1, complete_upto, [], 2, 1]],
    )
    delay = INDICATORS[STOCK].usual_delay_days
    CLOCK.moment = datetime.combine(day(3) + timedelta(days=delay), time(12), UTC)
    store(database, Row(2, 10, hour=3), Row(3, 12, hour=2))
    never, first, second, carried = exact.totals([STOCK], ["BE"], day(1), day(4))
    assert (never.value, never.was_heard, never.provisional) == (0.0, False, False)
    # Not when they moved last: with the days on which they moved, small numbers could be counted.
    assert (first.known_at, first.provisional) == (complete_upto, False)
    assert (second.known_at, second.provisional) == (complete_upto, False)
    assert (carried.day, carried.value, carried.provisional) == (day(4), 12.0, True)


def test_cells_come_by_indicator_then_area_then_day(exact: PublishedValues) -> None:
    cells = exact.totals([WHOLE, SHARE], ["BE", "02000"], day(1), day(2))
    assert [(cell.indicator, cell.area, cell.day) for cell in cells] == [
        (indicator, place, day(number))
        for indicator in (WHOLE, SHARE)
        for place in ("BE", "02000")
        for number in (1, 2)
    ]


ROWS = st.lists(
    st.builds(Row, st.integers(1, 8), st.integers(0, 99).map(float)),
    max_size=12,
    unique_by=lambda row: row.day,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS, st.integers(1, 8), st.integers(0, 7))
def test_any_values_give_what_is_counted_by_hand(
    database: Database, rows: list[Row], since: int, more: int
) -> None:
    database.run("TRUNCATE TABLE moves")
    store(database, *rows)
    expected = []
    for number in range(since, since + more + 1):
        known = [row for row in rows if row.day <= number]
        expected.append(max(known, key=lambda row: row.day).value if known else 0.0)
    assert values(PublishedValues(database, EXACT, CLOCK), since, since + more) == expected


# --- ratios ---


def test_a_ratio_is_shown_with_its_sides(database: Database, published: PublishedValues) -> None:
    store(database, *share(30, 120))
    found = only(published, SHARE)
    assert (found.value, found.numerator, found.denominator, found.suppressed) == (0.25, 30.0, 120.0, False)


@pytest.mark.parametrize(
    ("part", "whole", "hidden"), [(4, 120, True), (2, 4, True), (5, 120, False), (0, 120, True)]
)
def test_a_ratio_is_hidden_when_a_side_is(
    database: Database, published: PublishedValues, part: float, whole: float, hidden: bool
) -> None:
    store(database, *share(part, whole))
    found = only(published, SHARE)
    assert found.suppressed is hidden
    assert (found.value is None) is hidden
    assert (found.numerator is None) is hidden


def test_a_ratio_is_worked_out_from_what_is_told_of_its_sides(
    database: Database, published: PublishedValues
) -> None:
    store(database, *share(33, 121))
    found, above, below = (only(published, name) for name in (SHARE, PART, WHOLE))
    assert (found.numerator, found.denominator) == (above.value, below.value)
    assert found.value == (above.value or 0) / (below.value or 1)


def test_a_ratio_of_nobody_has_no_value_and_is_not_hidden(database: Database, exact: PublishedValues) -> None:
    store(database, *share(0, 0))
    found = only(exact, SHARE)
    assert (found.value, found.suppressed, found.denominator) == (None, False, 0.0)


def test_a_ratio_that_was_never_known_has_no_value(exact: PublishedValues) -> None:
    found = only(exact, SHARE)
    assert (found.value, found.suppressed, found.was_heard) == (None, False, False)


def test_a_change_counts_less_than_a_batch_as_none(database: Database, published: PublishedValues) -> None:
    """A sudden influx must be told, and tells no more than the two values do."""
    change = INDICATORS[CHANGE]
    assert isinstance(change, Change)
    assert not change.relative
    store(database, Row(1, 3, indicator=change.of), Row(1 + change.days, 42, indicator=change.of))
    before, after = (only(published, CHANGE, on=on).value for on in (change.days, 1 + change.days))
    assert (before, after) == (None, 40)


# --- breakdowns ---


def sexes(female: float, male: float, place: str = "BE", indicator: str = STOCK) -> Sequence[Row]:
    total = Row(1, female + male, area=place, indicator=indicator)
    parts = (("sex=female", female), ("sex=male", male))
    return total, *(Row(1, n, area=place, indicator=indicator, breakdown=name) for name, n in parts)


def of_sexes(
    published: PublishedValues, indicator: str, place: str = "BE"
) -> tuple[float | None, float | None]:
    """What is published of women and of men."""
    cells = {cell.breakdown: cell.value for cell in published.breakdowns(indicator, place, day(1))}
    return cells["sex=female"], cells["sex=male"]


def test_what_has_no_breakdown_has_no_such_cells(published: PublishedValues) -> None:
    assert published.breakdowns("freshness_agencies", "BE", day(1)) == []


def test_every_declared_breakdown_has_its_cell(database: Database, published: PublishedValues) -> None:
    store(database, *sexes(20, 30))
    cells = {cell.breakdown: cell for cell in published.breakdowns(STOCK, "BE", day(1))}
    assert {name.partition("=")[0] for name in cells} == {"sex", "age_group"}
    assert (cells["sex=female"].value, cells["sex=male"].value, cells["sex=unknown"].value) == (20, 30, None)
    assert all(cell.day == day(1) for cell in cells.values())


def test_a_small_part_is_hidden_and_the_others_show(database: Database, published: PublishedValues) -> None:
    store(database, *sexes(4, 30))
    assert of_sexes(published, STOCK) == (None, 30)


def test_a_part_of_a_ratio_is_hidden_when_the_part_of_a_side_is(
    database: Database, published: PublishedValues
) -> None:
    parts = (("sex=female", 3, 60), ("sex=male", 20, 70))
    by_sex = [row for name, part, whole in parts for row in share(part, whole, breakdown=name)]
    store(database, *share(3 + 20, 60 + 70), *by_sex)
    assert not only(published, SHARE).suppressed
    assert of_sexes(published, SHARE) == (None, 20 / 70)
    assert of_sexes(published, WHOLE) == (60, 70)
