"""Trend lines: where they run, where they stop, and what is said of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bewithu.board import Point
from bewithu.board.cards import card
from bewithu.board.trend import HEIGHT, WIDTH, close_range, draw, round_range, weekly
from bewithu.board.words import words
from tests.board.fake_catalogue import SHAPES

START = date(2025, 1, 1)
numbers = st.floats(-1e9, 1e9, allow_nan=False).map(lambda number: round(number, 4))


def series(*values: float | None) -> list[Point]:
    return [Point(START + timedelta(days=number), value) for number, value in enumerate(values)]


def test_a_line_runs_from_edge_to_edge_and_from_low_to_high() -> None:
    line = draw(series(0, 5, 10), 0, 10)
    assert line.path == "M0.0,100.0L200.0,50.0L400.0,0.0"
    assert line.surface == "M0.0,100.0L200.0,50.0L400.0,0.0V100.0H0.0Z"
    assert line.end == (WIDTH, 0.0)


def test_days_without_a_value_are_gaps_and_a_single_day_is_a_dot() -> None:
    line = draw(series(None, 1, None, 2, 2, None), 0, 2)
    assert line.path == "M80.0,50.0h0M240.0,0.0L320.0,0.0"
    assert line.end == (320.0, 0.0)


def test_there_is_no_surface_where_the_axis_does_not_reach_zero() -> None:
    assert draw(series(90, 100), 90, 100).surface == ""
    assert draw(series(-5, 5), -5, 5).surface == "M0.0,100.0L400.0,0.0V50.0H0.0Z"


def test_no_days_and_no_values_make_an_empty_line() -> None:
    for points in (series(), series(None, None)):
        line = draw(points, *round_range(points))
        assert (line.path, line.surface, line.end) == ("", "", None)


@given(st.lists(st.none() | numbers, max_size=30))
def test_every_range_holds_every_value(values: Sequence[float | None]) -> None:
    points = series(*values)
    for low, high in (round_range(points), close_range(points)):
        assert low < high
        slack = (high - low) * 1e-6
        assert all(low - slack <= value <= high + slack for value in values if value is not None)


@given(st.lists(numbers, min_size=1, max_size=30))
def test_a_round_range_is_not_much_larger_than_its_values(values: Sequence[float]) -> None:
    low, high = round_range(series(*values))
    reach = max(*values, 0.0) - min(*values, 0.0)
    assert high - low <= max(6 * reach, 1.0)


@given(st.floats(0.001, 1e9), st.floats(0, 0.5))
def test_a_line_from_zero_fills_two_thirds_of_its_axis(highest: float, lowest_share: float) -> None:
    low, high = round_range(series(highest * lowest_share, highest))
    assert low == 0
    assert high <= highest * 1.5 * (1 + 1e-6)


def test_round_ranges_are_round_and_start_at_zero_where_it_is_near() -> None:
    assert round_range(series(30, 44)) == (30, 50)
    assert round_range(series(412, 100)) == (0, 500)
    assert round_range(series(65_100, 66_340)) == (65_000, 67_000)
    assert round_range(series(190, 565)) == (0, 600)
    assert round_range(series(-565, -190)) == (-600, 0)
    assert round_range(series(7, 7)) == (0, 8)
    assert round_range(series(0, 0)) == (0, 1)
    assert round_range(series(-12, -7)) == (-15, -5)


@given(st.lists(st.none() | numbers, min_size=1, max_size=120))
def test_a_drawn_line_stays_in_its_box(values: Sequence[float | None]) -> None:
    points = series(*values)
    line = draw(points, *close_range(points))
    pairs = [pair.split(",") for run in line.path.replace("h0", "").split("M")[1:] for pair in run.split("L")]
    assert len(pairs) == sum(value is not None for value in values)
    assert all(0 <= float(x) <= WIDTH + 0.1 and -0.1 <= float(y) <= HEIGHT + 0.1 for x, y in pairs)


def test_the_weekly_rows_end_with_the_last_day() -> None:
    assert [point.value for point in weekly(series(*range(15)))] == [14, 7, 0]


def test_a_trend_is_described_for_those_who_do_not_see_it() -> None:
    info = SHAPES[0].info
    found = card(info, None, series(5, None, 9, 7), words("en"))
    assert found.trend.description == (
        "Lowest 5 on 1 January 2025, highest 9 on 3 January 2025, last 7 on 4 January 2025."
    )
    assert found.trend.rows == (("4 Jan 2025", "7"),)
    assert card(info, None, series(None), words("en")).trend.description == ("No figures in this period.")


def test_the_axis_is_labelled_with_as_many_decimals_as_it_needs() -> None:
    people, share = SHAPES[0].info, SHAPES[5].info
    assert card(people, None, series(0, 1), words("en"), round_axis=True).trend.numbers == (
        "0.0", "0.5", "1.0",
    )  # fmt: skip
    assert card(share, None, series(0.2, 0.9), words("en"), round_axis=True).trend.numbers == (
        "0%", "50%", "100%",
    )  # fmt: skip
