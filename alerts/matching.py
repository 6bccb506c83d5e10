"""What is known of an alert by name, and whether it is as some matchers want it: for silences and routes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from alerts.rules import Rule
from schemas.alerting import Transition
from schemas.areas import Level, ancestors, area, is_within

#: Names besides the labels of a rule.
NAMES: Final = ("rule", "severity", "level", "area", "province", "region")


def known_of(transition: Transition, rule: Rule) -> Mapping[str, str]:
    """By name: the rule's labels, and `NAMES`. `province` and `region` are there where the alert lies in one."""
    here = rule.told_in(transition.area)
    around = {area(code).level: code for code in ancestors(transition.area)}
    places = {str(level): around[level] for level in (Level.PROVINCE, Level.REGION) if level in around}
    return {
        **here.labels,
        **places,
        "rule": rule.id,
        "severity": here.severity,
        "level": str(area(transition.area).level),
        "area": transition.area,
    }


def matches(matchers: Mapping[str, str], transition: Transition, rule: Rule) -> bool:
    """Whether all that is named is so; an area also when the alert lies in it."""
    known = known_of(transition, rule)
    return all(
        is_within(transition.area, value) if name == "area" else known.get(name) == value
        for name, value in matchers.items()
    )
