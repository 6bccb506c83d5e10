"""What an alarm is worth, and what is made of all of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from alerts.rules import Rule
from bench.detection.alarms import Alarm
from bench.detection.scoring import Detection, Quiet, data_in, days_of_data, days_until_told, quiet
from bench.detection.summary import areas_of, by_kind, contender, type_of
from tests.alerts.samples import rule

#: Evaluated at eight in Belgium, from a Monday on.
MOMENTS = [datetime(2023, 1, 9, 7, tzinfo=UTC) + timedelta(days=number) for number in range(20)]
ANTWERP, LIEGE = "10000", "60000"


def alarm(area: str = ANTWERP, fired: int = 5, ended: int | None = None, told: tuple[str, ...] = ()) -> Alarm:
    return Alarm("many", area, fired, ended, told)


def test_data_are_in_when_nine_in_ten_messages_are() -> None:
    at_once = [MOMENTS[2] - timedelta(hours=1)] * 9
    assert data_in([*at_once, MOMENTS[8]], MOMENTS) == 2
    assert data_in([*at_once[1:], MOMENTS[8], MOMENTS[8]], MOMENTS) == 8
    assert data_in([MOMENTS[2]], MOMENTS) == 2
    assert data_in([MOMENTS[-1] + timedelta(seconds=1)], MOMENTS) is None


@pytest.mark.parametrize(
    ("shocked", "twin", "days"),
    [
        ([alarm(fired=5)], [], 2),
        ([alarm(fired=9), alarm(fired=6)], [], 3),
        # Of the country, or of a municipality there: the shock is in them, or they in it.
        ([alarm("BE", 4)], [], 1),
        ([alarm("11002", 4)], [], 1),
        ([alarm(LIEGE, 4)], [], None),
        # Before all data were in, but not before the shock.
        ([alarm(fired=2)], [], -1),
        ([alarm(fired=1)], [], None),
        ([alarm(fired=14)], [], None),
        # It fired without the shock as well.
        ([alarm(fired=5)], [alarm(fired=4)], None),
        ([alarm(fired=5)], [alarm(fired=1, ended=5)], 2),
        ([alarm(fired=5)], [alarm(LIEGE, 4)], 2),
        # Sooner than without the shock.
        ([alarm(fired=5)], [alarm(fired=6)], 2),
        ([], [], None),
    ],
)
def test_a_shock_is_told_by_what_is_raised_there_and_not_in_the_twin(
    shocked: list[Alarm], twin: list[Alarm], days: int | None
) -> None:
    assert days_until_told(shocked, twin, ANTWERP, since=2, ready=3, latest=10) == days


def test_days_of_data_leave_out_those_on_which_nothing_happened() -> None:
    weekdays = {date(2023, 1, 13), date(2023, 1, 16), date(2023, 1, 17)}
    # Friday's data are in on Saturday, 14 January; Monday's on Tuesday.
    assert days_of_data(5, 0, MOMENTS, weekdays) == 0
    assert days_of_data(5, 2, MOMENTS, weekdays) == 0
    assert days_of_data(5, 3, MOMENTS, weekdays) == 1
    assert days_of_data(5, 4, MOMENTS, weekdays) == 2
    assert days_of_data(5, 4, MOMENTS, None) == 4
    assert days_of_data(5, -1, MOMENTS, weekdays) == -1


def test_what_is_raised_without_a_shock_is_false_but_for_what_was_there_at_first() -> None:
    found = quiet(
        {"many": [alarm(fired=0, told=("a",)), alarm(fired=3, told=("a", "b"))], "few": [alarm(told=("b",))]},
        days=61,
        addresses=("a", "b", "c"),
    )
    assert found.months == pytest.approx(2.004, abs=0.001)
    assert found.alarms == {"many": 1, "few": 1}
    assert found.heard == {"a": 1, "b": 2, "c": 0}


def detection(kind: str, is_large: bool, calendar: int = 0, **days: int) -> Detection:
    return Detection("", kind, is_large, days, {source: number + calendar for source, number in days.items()})


DETECTIONS = [
    detection("influx", True, many=1, few=4),
    detection("influx", True, calendar=2, few=2),
    detection("influx", False, many=5),
    detection("silence", True),
    detection("drift", False, many=20),
]


def test_shocks_are_told_when_the_first_source_tells_of_them() -> None:
    found = by_kind(DETECTIONS, ["many", "few"])
    assert list(found) == ["large", "large influx", "small influx", "drift", "large silence"]
    large = found["large influx"]
    assert (large.shocks, large.told, large.in_time, large.in_calendar) == (2, 2, 2, 1)
    assert large.median_days == 1.5
    assert found["large"].share_in_time == pytest.approx(2 / 3)
    assert (found["small influx"].told, found["small influx"].in_time) == (1, 0)
    assert found["large silence"].median_days is None


def test_one_source_is_worth_what_it_told_itself() -> None:
    found = by_kind(DETECTIONS, ["few"])["large influx"]
    assert (found.told, found.in_time, found.median_days) == (2, 1, 3)


def test_false_alarms_are_of_an_area_and_of_a_coordinator_and_month() -> None:
    quiets = [Quiet(2, {"many": 3, "few": 1}, {"a": 4, "b": 0}), Quiet(2, {"many": 1}, {"a": 1, "b": 1})]
    found = contender(quiets, DETECTIONS, ["many"], areas=4)
    assert (found.false_a_month, found.false_an_area_and_month) == (1, 0.25)
    assert found.false_a_coordinator_and_month == {"a": 1.25, "b": 0.25}
    assert (found.worst, found.mean) == (1.25, 0.75)


@pytest.mark.parametrize(
    ("condition", "kind"),
    [
        ({"above": 4}, "threshold"),
        ({"fall": 4, "over": "7d"}, "change"),
        ({"spike": 4}, "baseline"),
        ({"ears": "C2"}, "ears"),
        ({"times_above": 2, "to": "peers"}, "comparison"),
        ({"absent": "2d"}, "absence"),
        ({"any": [{"above": 4}, {"below": 1}]}, "combination"),
    ],
)
def test_a_rule_is_of_the_type_of_its_condition(condition: dict[str, object], kind: str) -> None:
    assert type_of(rule(condition=condition)) == kind


def test_areas_are_counted_for_each_rule() -> None:
    rules: list[Rule] = [rule(level="country"), rule(level="province")]
    assert areas_of(rules) == 1 + 11
