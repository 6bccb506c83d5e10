"""What is told is told in whole batches of persons, whatever is asked (law 6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.indicators import Flow, Stock, Texts
from sinks.indicators.disclosure import told_count, told_values
from sinks.indicators.values import MOVES

FIRST, DAYS = date(2025, 3, 3), 21
TEXTS = Texts(nl="a", fr="a", de="a", en="a")
SHARED = {
    "name": TEXTS, "explanation": TEXTS, "unit": "persons", "publishers": ("dvz",), "source": "a",
    "usual_delay_days": 0,
}  # fmt: skip
KNOWN = datetime(2025, 6, 1, tzinfo=UTC)
#: Events on each day.
EVENTS = st.lists(st.integers(0, 7), min_size=DAYS, max_size=DAYS)
MINIMUM = st.integers(2, 7)


def flow(window: str, minimum: int) -> Flow:
    found = SHARED | {"id": "flow", "minimum_cell": minimum}
    return Flow(kind="flow", event="registration", filter={"status": ("certified",)}, window=window, **found)


def left(number: int, window: str) -> int:
    """The day on which those of day `number` count no longer."""
    if window == "week":
        return number - number % 7 + 7
    return number + int(window.removesuffix("d"))


def told(events: Sequence[int], window: str, minimum: int) -> list[float]:
    """On each day; 0 where less than a batch is told."""
    moves: Counter[tuple[int, int]] = Counter()
    for number, count in enumerate(events):
        moves[number, 0] += count
        moves[left(number, window), 2] -= count
    rows = [
        ("BE", "", FIRST + timedelta(days=number), bin_, delta, KNOWN)
        for (number, bin_), delta in moves.items()
    ]
    places = pl.DataFrame({"area": ["BE"], "breakdown": [""]})
    days = [FIRST + timedelta(days=number) for number in range(DAYS)]
    found = told_values(flow(window, minimum), pl.DataFrame(rows, schema=MOVES, orient="row"), places, days)
    assert found["suppressed"].to_list() == found["value"].is_null().to_list()
    return found.sort("day")["value"].fill_null(0.0).to_list()


def full_batches(events: Sequence[int], minimum: int) -> Mapping[int, int]:
    """How many batches were full on each day, by counting persons one by one."""
    full: Counter[int] = Counter()
    waiting = 0
    for number, count in enumerate(events):
        for _ in range(count):
            waiting += 1
            if waiting == minimum:
                full[number] += 1
                waiting = 0
    return full


@given(EVENTS, st.sampled_from(["1d", "7d", "10d", "week"]), MINIMUM)
def test_a_window_tells_the_batches_that_were_full_in_it(
    events: list[int], window: str, minimum: int
) -> None:
    full = full_batches(events, minimum)
    expected = [
        minimum * sum(full[day] for day in range(number + 1) if left(day, window) > number)
        for number in range(DAYS)
    ]
    assert told(events, window, minimum) == expected


@given(EVENTS, st.sampled_from(["1d", "7d", "week"]), MINIMUM)
def test_it_is_never_off_by_a_batch(events: list[int], window: str, minimum: int) -> None:
    for number, value in enumerate(told(events, window, minimum)):
        true = sum(count for day, count in enumerate(events[: number + 1]) if left(day, window) > number)
        assert abs(value - true) < minimum


@given(EVENTS, MINIMUM, st.integers(0, DAYS - 1))
def test_whoever_does_not_fill_a_batch_changes_nothing(events: list[int], minimum: int, on: int) -> None:
    """Two populations whose batches are full on the same days are told alike, in all windows: law 6."""
    later = [*events]
    day = next((each for each in range(on, DAYS) if later[each]), None)
    if day is None or day == 0:
        return
    # One person comes a day earlier.
    later[day] -= 1
    later[day - 1] += 1
    same = full_batches(later, minimum) == full_batches(events, minimum)
    for window in ("1d", "7d", "week"):
        assert (told(later, window, minimum) == told(events, window, minimum)) or not same


@pytest.mark.parametrize("count", range(12))
def test_of_a_count_whole_batches_are_told(count: int) -> None:
    assert told_count(count, 5) == {0: None, 1: 5, 2: 10}[count // 5]
    assert told_count(count, 0) == count


def test_what_needs_no_minimum_is_told_as_it_is() -> None:
    found = SHARED | {"id": "stock", "minimum_cell": 0}
    stock = Stock(kind="stock", event="registration", enter={"a": ("b",)}, leave={"a": ("c",)}, **found)
    moves = pl.DataFrame([("BE", "", FIRST, 0, 3, KNOWN)], schema=MOVES, orient="row")
    places = pl.DataFrame({"area": ["BE"], "breakdown": [""]})
    days = [FIRST - timedelta(days=1), FIRST]
    values = told_values(stock, moves, places, days).sort("day")
    assert values.select("value", "suppressed").rows() == [(0.0, False), (3.0, False)]
