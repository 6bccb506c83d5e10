"""What a condition finds, by example and against plain Python; what makes a rule look elsewhere or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from alerts.judging import NO, UNKNOWN, YES, find, findings, is_provisional, judged_day
from alerts.judging.judge import judge
from alerts.rules import Condition, Rule
from tests.alerts import judging_oracle
from tests.alerts.samples import rule, series

ANSWERS = {True: YES, False: NO, None: UNKNOWN}
OWN = "arrivals_emergency_housing_7d"

days = st.integers(1, 9)
multiples = st.sampled_from([0.5, 1.0, 2.0, 3.5])
counts = st.sampled_from([0, 1, 2.5, 5, 7, 20])
weeks = st.integers(4, 6)
baseline = {"skip_weeks": st.integers(0, 1), "least_deviation": st.sampled_from([0.5, 1.0])}


def with_clear(word: str, sign: int) -> st.SearchStrategy[dict[str, Any]]:
    plain = st.fixed_dictionaries({word: counts})
    return plain | plain.flatmap(lambda made: st.just(made | {"clear": made[word] + sign * 2}))


simple = st.one_of(
    with_clear("above", -1),
    with_clear("below", 1),
    *(
        st.fixed_dictionaries(
            {word: st.sampled_from([0.5, 1, 4, 50]), "over": days, "percent": st.booleans()}
        )
        for word in ("rise", "fall")
    ),
    *(
        st.fixed_dictionaries({word: multiples, "weeks": weeks}, optional=baseline)
        for word in ("spike", "drop")
    ),
    st.fixed_dictionaries(
        {"ears": st.sampled_from(["C1", "C2"])}, optional={"alpha": st.sampled_from([0.001, 0.025, 0.3])}
    ),
    *(
        st.fixed_dictionaries({word: multiples, "to": st.sampled_from(["parent", "peers"])})
        for word in ("times_above", "times_below")
    ),
    st.fixed_dictionaries({"absent": days}),
)
conditions = st.recursive(
    simple,
    lambda part: (
        st.fixed_dictionaries({"all": st.lists(part, min_size=2, max_size=3)})
        | st.fixed_dictionaries({"any": st.lists(part, min_size=2, max_size=3)})
    ),
    max_leaves=4,
)
#: As long as the longest baseline.
DAYS = 7 * 7 + 1
values = st.none() | st.sampled_from([0.0, 1, 2, 3, 5, 8, 13, 40])
histories = st.lists(st.lists(values, min_size=DAYS, max_size=DAYS), min_size=1, max_size=4)


def as_written(condition: Mapping[str, Any]) -> dict[str, Any]:
    """With numbers of days as a rule file has them."""
    written = {
        name: f"{value}d" if name in ("over", "absent") else value for name, value in condition.items()
    }
    return {
        name: [as_written(part) for part in value] if name in ("all", "any") else value
        for name, value in written.items()
    }


def read(condition: Mapping[str, Any]) -> Condition:
    found: Condition = TypeAdapter(Condition).validate_python(as_written(condition))
    return found


@given(conditions, histories, st.data())
def test_any_condition_on_any_history_is_what_plain_python_says(
    condition: Mapping[str, Any], rows: Sequence[Sequence[float | None]], data: st.DataObject
) -> None:
    around = data.draw(
        st.lists(st.lists(values, min_size=DAYS, max_size=DAYS), min_size=len(rows), max_size=len(rows))
    )
    own = {str(place): row for place, row in enumerate(rows)}
    parents = {str(place): row for place, row in enumerate(around)}
    silent = [row[-1] is None and data.draw(st.booleans()) for row in rows]
    nothing_from = [area for area, is_silent in zip(own, silent, strict=True) if is_silent]
    judged = judge(read(condition), {OWN: series(rows, around, silent=silent)}, OWN)
    for place, area in enumerate(own):
        for fires, answers in ((False, judged.holds), (True, judged.stays)):
            expected = judging_oracle.answer(condition, area, own, parents, fires, nothing_from)
            near = _is_at_the_edge(condition, area, own, parents, fires)
            assert answers[place] == ANSWERS[expected] or near


def _is_at_the_edge(
    condition: Mapping[str, Any],
    area: str,
    own: judging_oracle.Histories,
    parents: judging_oracle.Histories,
    fires: bool,
) -> bool:
    """Whether a value is as good as equal to what it is held against: the last bit of a sum decides."""
    parts = condition.get("all") or condition.get("any")
    if parts:
        return any(_is_at_the_edge(part, area, own, parents, fires) for part in parts)
    if "absent" in condition:
        return False
    limit, value = judging_oracle.bound(condition, area, own, parents, fires), own[area][-1]
    value = 0.0 if value is None else value
    return limit is not None and value != limit and abs(value - limit) < 1e-9


@given(conditions, st.lists(histories.filter(lambda rows: len(rows) == 3), min_size=2, max_size=3))
def test_many_moments_at_once_are_judged_as_one_by_one(
    condition: Mapping[str, Any], moments: Sequence[Sequence[Sequence[float | None]]]
) -> None:
    asked = read(condition)
    alone = [judge(asked, {OWN: series(rows)}, OWN) for rows in moments]
    stacked = np.array(moments, np.float64)
    sides = np.ones(stacked.shape[:-1])
    one = series(moments[0])
    silent = sides > 1
    together = judge(asked, {OWN: type(one)(stacked, stacked, sides, sides, silent, 0.0)}, OWN)
    assert together.holds.tolist() == [each.holds.tolist() for each in alone]
    assert together.stays.tolist() == [each.stays.tolist() for each in alone]


def told(condition: Mapping[str, Any], history: Sequence[float | None], **panel: Any) -> str:
    watched = rule(condition=condition)
    (found,) = findings(
        watched, ["60000"], {OWN: series([history], **panel)}, date(2022, 3, 14), provisional=False
    )
    return found.reason


STEADY: list[float | None] = [10.0] * 57


@pytest.mark.parametrize(
    ("condition", "last", "reason"),
    [
        ({"above": 9}, 10, "10 is above 9"),
        ({"below": 9}, 10, "10 is not below 9"),
        ({"rise": 5, "over": "7d"}, 16, "16 is above 15 (value 7d before +5)"),
        ({"fall": 20, "over": "28d", "percent": True}, 7, "7 is below 8 (value 28d before -20 %)"),
        ({"spike": 4}, 15, "15 is above 14 (median of the weekday + 4 deviations)"),
        ({"drop": 4}, 7, "7 is not below 6 (median of the weekday - 4 deviations)"),
        ({"ears": "C2", "alpha": 0.025}, 12, "12 is above 11.95996398 (EARS C2, alpha 0.025)"),
        ({"times_above": 1.5, "to": "parent"}, 30, "30 is not above 45 (1.5 times the value of the area around)"),
        ({"times_below": 0.5, "to": "peers"}, 30, "30, and there is no 0.5 times the value of the other areas"),
        ({"absent": "3d"}, 30, "there are values"),
        ({"above": 9}, None, "no value is published"),
        ({"all": [{"above": 9}, {"rise": 1, "over": "1d"}]}, 10,
         "10 is above 9 and 10 is not above 11 (value 1d before +1)"),
        ({"any": [{"above": 9}, {"below": 1}]}, 10, "10 is above 9 or 10 is not below 1"),
    ],
)  # fmt: skip
def test_the_reason_names_the_value_and_what_it_was_held_against(
    condition: Mapping[str, Any], last: float | None, reason: str
) -> None:
    assert told(condition, [*STEADY[:-1], last]) == reason


def test_a_condition_may_look_at_another_indicator() -> None:
    watched = rule(condition={"all": [{"above": 9}, {"below": 2, "indicator": "freshness_housing_change"}]})
    assert watched.indicators == {OWN, "freshness_housing_change"}
    panel = {OWN: series([[10]]), "freshness_housing_change": series([[5]])}
    (found,) = findings(watched, ["60000"], panel, date(2022, 3, 14), provisional=False)
    assert (found.holds, found.value) == (False, 10)
    assert found.reason == "10 is above 9 and freshness_housing_change 5 is not below 2"


OTHER = "freshness_housing_change"
BOTH = [{"above": 9}, {"below": 2, "indicator": OTHER}]
NESTED = {"any": [{"all": [{"above": 5}, {"below": 2, "indicator": OTHER}]}, {"above": 9}]}


@pytest.mark.parametrize(
    ("condition", "own", "other", "bound"),
    [
        ({"all": BOTH}, 10, 1, 9),
        ({"all": BOTH}, 8, 1, 9),
        ({"all": BOTH}, 10, 5, None),
        ({"any": BOTH[::-1]}, 10, 1, 9),
        ({"any": BOTH[::-1]}, 8, 1, None),
        (NESTED, 8, 1, 5),
        (NESTED, 10, 5, 9),
        (NESTED, 8, 5, 9),
        ({"all": [{"any": BOTH[1:] * 2}, {"above": 9, "indicator": OWN}]}, 10, 1, 9),
        ({"all": BOTH[1:] * 2}, 10, 1, None),
    ],
)  # fmt: skip
def test_the_bound_beside_the_rules_own_value_is_never_one_of_another_indicator(
    condition: Mapping[str, Any], own: float, other: float, bound: float | None
) -> None:
    panel = {OWN: series([[own]]), OTHER: series([[other]])}
    (found,) = findings(rule(condition=condition), ["60000"], panel, date(2022, 3, 14), provisional=False)
    assert (found.value, found.bound) == (own, bound)


@pytest.mark.parametrize(
    ("minimum", "holds"),
    [({}, True), ({"value": 3}, True), ({"value": 4}, False), ({"denominator": 7}, True), ({"denominator": 8}, False),
     ({"numerator": 3, "denominator": 7}, True), ({"numerator": 4, "denominator": 7}, False)],
)  # fmt: skip
def test_below_the_minimum_numbers_nothing_is_wrong(minimum: Mapping[str, float], holds: bool) -> None:
    watched = rule(condition={"above": 0.4}, minimum=minimum)
    panel = {OWN: series([[3]], numerators=[3], denominators=[7])}
    (found,) = findings(watched, ["60000"], panel, date(2022, 3, 14), provisional=False)
    assert (found.holds, found.stays) == (holds, holds)
    assert found.reason.endswith("below the rule's minimum") is not holds


def test_the_smallest_area_with_an_override_counts_and_one_that_is_off_is_not_looked_at() -> None:
    watched = rule(
        level="municipality",
        condition={"above": 100},
        overrides={
            "03000": {"condition": {"above": 10}, "severity": "critical", "for": "5d"},
            "62000": {"condition": {"above": 20}},
            "62063": {"off": True},
        },
    )
    areas = ["62063", "62015", "52011", "11002"]  # Liège; Flémalle in its arrondissement; Charleroi; Antwerp
    panel = {OWN: series([[15], [15], [15], [15]])}
    assert find(watched, areas, panel).holds.tolist() == [NO, NO, YES, NO]
    assert [each.reason for each in findings(watched, areas, panel, date(2022, 3, 14), False)] == [
        "the rule is off here", "15 is not above 20", "15 is above 10", "15 is not above 100"
    ]  # fmt: skip
    assert watched.in_area("62063") is None
    charleroi = watched.in_area("52011")
    assert charleroi is not None
    assert (charleroi.severity, charleroi.for_.days) == ("critical", 5)
    antwerp = watched.in_area("11002")
    assert antwerp is not None
    assert (antwerp.severity, antwerp.for_.days) == ("warning", 2)


@pytest.mark.parametrize(
    ("active", "on", "off"),
    [
        ({"since": "2022-03-14"}, ["2022-03-14", "2024-01-01"], ["2022-03-13"]),
        ({"until": "2022-03-14"}, ["2022-03-14"], ["2022-03-15"]),
        ({"season_begins": "11-01", "season_ends": "03-31"}, ["2022-11-01", "2022-03-31", "2022-01-01"],
         ["2022-10-31", "2022-04-01"]),
        ({"season_begins": "04-01", "season_ends": "09-30"}, ["2022-04-01", "2022-09-30"],
         ["2022-03-31", "2022-10-01"]),
    ],
)  # fmt: skip
def test_a_rule_is_looked_at_in_its_active_period(
    active: Mapping[str, str], on: list[str], off: list[str]
) -> None:
    watched = rule(condition={"above": 9}, active=active)
    for day, holds in [*((day, True) for day in on), *((day, False) for day in off)]:
        (found,) = findings(watched, ["60000"], {OWN: series([[10]])}, date.fromisoformat(day), False)
        assert (found.holds, found.stays) == (holds, holds)


@pytest.mark.parametrize(
    ("provisional", "delays", "day"),
    [
        (True, {OWN: 3}, date(2022, 3, 13)),
        (False, {OWN: 3}, date(2022, 3, 11)),
        (False, {OWN: 0}, date(2022, 3, 13)),
        (False, {OWN: 1, "other": 5}, date(2022, 3, 9)),
    ],
)
def test_a_rule_judges_yesterday_or_the_last_day_that_is_complete(
    provisional: bool, delays: Mapping[str, int], day: date
) -> None:
    # Half past eleven at night in London is tomorrow in Brussels.
    now = datetime(2022, 3, 13, 23, 30, tzinfo=UTC)
    others = [{"below": 9, "indicator": name} for name in delays if name != OWN]
    watched = rule(condition={"all": [{"above": 9}, {"above": 9}, *others]}, provisional=provisional)
    assert judged_day(watched, delays, now) == day
    assert is_provisional(day, delays[OWN], now) is (provisional and delays[OWN] > 1)


def test_a_rule_is_its_own_without_an_override() -> None:
    watched: Rule = rule()
    assert watched.in_area("62063") is watched
