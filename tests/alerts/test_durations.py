"""Durations as people write them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.durations import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("0s", timedelta(0)),
        ("12h", timedelta(hours=12)),
        ("2d", timedelta(days=2)),
        ("1w2d3h4m5s", timedelta(days=9, hours=3, minutes=4, seconds=5)),
    ],
)
def test_a_duration_is_read_as_written(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize(
    "text", ["", "2", "2 d", "-1d", "1h2d", "2D", "1.5h", "d", 2, None, True, "9" * 30 + "d"]
)
def test_anything_else_is_refused_with_an_example(text: object) -> None:
    with pytest.raises(ValueError, match="expected a duration such as 2d"):
        parse_duration(text)


@given(st.integers(0, 10**9))
def test_a_written_duration_reads_as_the_same_length(seconds: int) -> None:
    length = timedelta(seconds=seconds)
    assert parse_duration(format_duration(length)) == length


def test_a_negative_length_is_written_with_its_sign() -> None:
    assert format_duration(timedelta(hours=-26)) == "-1d2h"
