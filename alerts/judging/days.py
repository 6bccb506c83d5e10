"""Which day a rule judges, and whether its value can still change much. `now` is aware."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from alerts.rules import Rule
from bewithu.clock import brussels_day


def judged_day(rule: Rule, delays: Mapping[str, int], now: datetime) -> date:
    """Yesterday, as today is not over: a count of it would drop alerts each morning and raise them at night.

    Unless the rule takes provisional values, the last day on which those of all its indicators are complete. `delays`:
    by indicator, how many days its data usually take.
    """
    wait = 1 if rule.provisional else max([1, *(delays[name] for name in rule.indicators)])
    return brussels_day(now) - timedelta(days=wait)


def is_provisional(day: date, delay_days: int, now: datetime) -> bool:
    return day > brussels_day(now) - timedelta(days=delay_days)
