"""In a smaller Belgium the rules' numbers of persons shrink with it, shares do not."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest

from bewithu.demo.platform import scaled
from bewithu.wiring import Written
from schemas.indicators import load_indicators
from tests.alerts.samples import rule

INDICATORS = load_indicators(files("streams.indicators"))


def condition_of(condition: Any, indicator: str = "registrations_7d", **changes: Any) -> Any:
    """As the rule file would have it."""
    watched = rule(condition=condition, indicator=indicator, **changes)
    (small,) = scaled(Written(INDICATORS, (watched,)), 0.1).rules
    return small.model_dump(mode="json", exclude_unset=True, by_alias=True)


@pytest.mark.parametrize(
    ("condition", "small"),
    [
        ({"above": 400, "clear": 300}, {"above": 40, "clear": 30}),
        ({"rise": 50, "over": "7d"}, {"rise": 5, "over": "7d"}),
        ({"rise": 50, "over": "7d", "percent": True}, {"rise": 50, "over": "7d", "percent": True}),
        ({"spike": 4, "least_deviation": 5}, {"spike": 4, "least_deviation": 0.5}),
        ({"times_above": 2, "to": "peers"}, {"times_above": 2, "to": "peers"}),
        ({"all": [{"above": 400}, {"below": 9, "indicator": "freshness_agencies"}]},
         {"all": [{"above": 40}, {"below": 9, "indicator": "freshness_agencies"}]}),
    ],
)  # fmt: skip
def test_thresholds_of_counts_shrink(condition: Any, small: Any) -> None:
    assert condition_of(condition)["condition"] == small


def test_minimum_numbers_and_overrides_shrink_too() -> None:
    found = condition_of(
        {"above": 400},
        minimum={"value": 50},
        overrides={"62000": {"condition": {"above": 100}, "minimum": {"value": 20}}},
    )
    assert found["minimum"] == {"value": 5}
    assert found["overrides"]["62000"] == {"condition": {"above": 10}, "minimum": {"value": 2}}


def test_of_a_share_only_the_numbers_behind_it_shrink() -> None:
    found = condition_of({"above": 0.6}, "share_in_work", minimum={"denominator": 200, "value": 0.1})
    assert (found["condition"], found["minimum"]) == ({"above": 0.6}, {"denominator": 20, "value": 0.1})
