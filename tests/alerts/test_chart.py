"""The chart in a mail: days in a row, widths that add up, the threshold in its place."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.chart import CHARACTERS, DAYS, MARK, PIXELS, Row, chart, segments, text_bar
from tests.alerts.samples import DAY, reading, rule, transition


def test_days_follow_one_another_and_those_without_a_value_stay_empty() -> None:
    history = [
        reading(100, day=DAY - timedelta(days=4)),
        reading(None, day=DAY - timedelta(days=2)),
        reading(412),
    ]
    drawn = chart(history, rule().condition, transition())
    assert [row.day for row in drawn.rows] == [DAY - timedelta(days=back) for back in (4, 3, 2, 1, 0)]
    assert [row.value for row in drawn.rows] == [100, None, None, None, 412]
    assert [row.beyond for row in drawn.rows] == [False, False, False, False, True]


def test_a_long_history_shows_its_last_days_only() -> None:
    history = [reading(back, day=DAY - timedelta(days=back)) for back in range(40)]
    assert [row.value for row in chart(history, rule().condition, transition()).rows] == list(
        reversed(range(DAYS))
    )


def test_beyond_a_lower_threshold_is_below_it() -> None:
    drawn = chart(
        [reading(100), reading(151, day=DAY - timedelta(days=1))],
        rule(condition={"below": 9}).condition,
        transition(),
    )
    assert [row.beyond for row in drawn.rows] == [False, True]


def test_without_a_threshold_nothing_is_beyond_it() -> None:
    drawn = chart([reading(412)], rule(condition={"absent": "3d"}).condition, transition(threshold=None))
    assert ([row.beyond for row in drawn.rows], drawn.threshold) == ([False], None)


def test_without_a_value_there_is_no_chart() -> None:
    assert chart([reading(None)], rule().condition, transition()).rows == ()


@pytest.mark.parametrize("values", [[0.0], [-5.0, 0.0], [0.001]])
def test_figures_around_zero_can_be_drawn(values: list[float]) -> None:
    history = [reading(value, day=DAY - timedelta(days=back)) for back, value in enumerate(values)]
    for limit in (0, -1, 10):
        drawn = chart(history, rule().condition, transition(threshold=limit))
        assert all(0 <= (row.share or 0) <= 1 for row in drawn.rows)
        assert drawn.threshold is not None
        assert 0 <= drawn.threshold <= 1


@given(st.none() | st.floats(0, 1), st.floats(0, 1), st.booleans())
def test_the_pieces_of_a_row_fill_its_width_and_mark_the_threshold_once(
    share: float | None, threshold: float, beyond: bool
) -> None:
    pieces = segments(Row(DAY, share, share, beyond), threshold)
    assert sum(piece.pixels for piece in pieces) == PIXELS
    assert [piece.pixels for piece in pieces if piece.ink == "mark"] == [MARK]
    before = sum(piece.pixels for piece in pieces[: [piece.ink for piece in pieces].index("mark")])
    assert before == round(threshold * (PIXELS - MARK))
    drawn = sum(piece.pixels for piece in pieces if piece.ink in ("bar", "beyond"))
    assert drawn == round((share or 0) * (PIXELS - MARK))


@given(st.none() | st.floats(0, 1), st.floats(0, 1))
def test_a_row_of_characters_stays_within_its_width(share: float | None, threshold: float) -> None:
    line = text_bar(Row(DAY, share, share, False), threshold)
    assert len(line) <= CHARACTERS
    assert "|" in line or (share or 0) > 0


@pytest.mark.parametrize(
    ("share", "threshold", "bar"),
    [
        (0.5, 0.75, "████████████      |"),
        (0.5, 0.25, "████████████"),
        (None, 0.0, "|"),
        (1.0, 1.0, "█" * CHARACTERS),
    ],
)
def test_bars_and_threshold_look_like_this(share: float | None, threshold: float, bar: str) -> None:
    assert text_bar(Row(DAY, share, share, False), threshold) == bar
