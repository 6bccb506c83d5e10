"""EARS against numbers worked out by hand."""

from __future__ import annotations

import math

import pytest

from bench.detection.ears import c1, c2, c3, is_alarm

#: Mean 4; squares of the distances 9 4 1 0 1 4 9, which are 28, over 6: the deviation is the root of 14/3.
RISING = [1, 2, 3, 4, 5, 6, 7]
DEVIATION = math.sqrt(14 / 3)


def test_c1_is_the_distance_from_the_seven_days_before_in_their_deviations() -> None:
    assert c1([*RISING, 10]) == pytest.approx(6 / DEVIATION)
    assert c1([99, *RISING, 4]) == 0
    assert c1([*RISING, 1]) == pytest.approx(-3 / DEVIATION)


def test_c2_leaves_two_days_between() -> None:
    assert c2([*RISING, 50, 60, 10]) == pytest.approx(6 / DEVIATION)
    # The same day for C1: seven days of mean 135/7.
    assert c1([*RISING, 50, 60, 10]) < 0


def test_c3_adds_what_c2_was_above_one_on_three_days() -> None:
    days = [0, 2, 0, 2, 0, 2, 0, 2, 0, 2, 0, 4]
    # The days are judged by 0 2 0 2 0 2 0, 2 0 2 0 2 0 2 and 0 2 0 2 0 2 0. Their means are 6/7, 8/7 and 6/7; of each
    # the squared distances add up to 48/7, so that the deviation is the root of 8/7.
    deviation = math.sqrt(8 / 7)
    on_days = [(2 - 6 / 7) / deviation, (0 - 8 / 7) / deviation, (4 - 6 / 7) / deviation]
    assert on_days[0] == pytest.approx(1.069, abs=0.001)
    assert on_days[2] == pytest.approx(2.940, abs=0.001)
    assert c3(days) == pytest.approx((on_days[0] - 1) + (on_days[2] - 1))


def test_alarms_are_above_three_and_for_c3_above_two() -> None:
    ten = 4 + 3 * DEVIATION
    assert not is_alarm("C1", [*RISING, ten - 0.01])
    assert is_alarm("C1", [*RISING, ten + 0.01])
    assert is_alarm("C2", [*RISING, 50, 60, ten + 0.01])
    flat = [0, 2, 0, 2, 0, 2, 0, 2, 0, 2, 0]
    # 2 above in sum: 0.069 of two days before, and 1.931 more than 1 on the day.
    bound = 6 / 7 + math.sqrt(8 / 7) * (2 + 1 - (8 / 7 / math.sqrt(8 / 7) - 1))
    assert not is_alarm("C3", [*flat, bound - 0.01])
    assert is_alarm("C3", [*flat, bound + 0.01])


def test_where_all_days_are_equal_any_more_is_an_alarm_and_less_is_none() -> None:
    assert is_alarm("C1", [5] * 7 + [6])
    assert not is_alarm("C1", [5] * 8)
    assert not is_alarm("C1", [5] * 7 + [4])


@pytest.mark.parametrize(("method", "needed"), [("C1", 8), ("C2", 10), ("C3", 12)])
def test_nothing_is_judged_before_there_are_enough_days(method: str, needed: int) -> None:
    many = [0] * 20 + [100]
    assert is_alarm(method, many[-needed:])
    assert not is_alarm(method, many[-needed + 1 :])
