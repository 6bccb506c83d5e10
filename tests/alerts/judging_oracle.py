"""Conditions in plain Python, one area at a time: slow, obvious, and with nothing of `alerts.judging` in it.

A history is a list of values, oldest first, None where there is none; its last one is judged. An answer is True, False,
or None when it cannot be said.
"""

from __future__ import annotations

import statistics
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from scipy.stats import norm

Value = float | None
Histories = Mapping[str, Sequence[Value]]


def answer(
    condition: Mapping[str, Any],
    area: str,
    own: Histories,
    parents: Histories,
    fires: bool,
    silent: Collection[str] = (),
) -> bool | None:
    """`condition` as in YAML, with spans as numbers of days. `fires`: asked for an alert that fires already.

    `silent`: areas where nothing is reported, which stands for 0 when an alert fires there already.
    """
    if "all" in condition or "any" in condition:
        word = "all" if "all" in condition else "any"
        answers = [answer(part, area, own, parents, fires, silent) for part in condition[word]]
        decisive = word == "any"
        if decisive in answers:
            return decisive
        return None if None in answers else not decisive
    history = own[area]
    if "absent" in condition:
        return all(value is None for value in history[-condition["absent"] :])
    limit = bound(condition, area, own, parents, fires)
    value = history[-1]
    if fires and area in silent:
        if limit is None:
            return False
        value = 0.0
    if value is None or limit is None:
        return None
    return value < limit if lower(condition) else value > limit


def lower(condition: Mapping[str, Any]) -> bool:
    return any(word in condition for word in ("below", "fall", "drop", "times_below"))


def bound(condition: Mapping[str, Any], area: str, own: Histories, parents: Histories, fires: bool) -> Value:
    history = own[area]
    for word in ("above", "below"):
        if word in condition:
            return condition.get("clear", condition[word]) if fires else condition[word]
    if "rise" in condition or "fall" in condition:
        by = condition["rise"] if "rise" in condition else -condition["fall"]
        before = history[-1 - condition["over"]]
        if before is None:
            return None
        if condition.get("percent"):
            return before + before * by / 100 if before > 0 else None
        return before + by
    if "spike" in condition or "drop" in condition:
        return seasonal(condition, history)
    if "ears" in condition:
        gap = {"C1": 0, "C2": 2}[condition["ears"]]
        days = history[:-1][: len(history) - 1 - gap][-7:]
        if None in days:
            return None
        deviation = max(statistics.stdev(map(float, days)), condition.get("least_deviation", 1))
        return statistics.fmean(days) + norm.ppf(1 - condition.get("alpha", 0.001)) * deviation
    times = condition["times_above"] if "times_above" in condition else condition["times_below"]
    if condition["to"] == "parent":
        around = parents[area][-1]
    else:
        others = [other[-1] for code, other in own.items() if code != area and other[-1] is not None]
        around = statistics.median(others) if others else None
    return None if around is None else times * around


def seasonal(condition: Mapping[str, Any], history: Sequence[Value]) -> Value:
    weeks, skipped = condition.get("weeks", 8), condition.get("skip_weeks", 0)
    same_days = [history[-1 - 7 * (skipped + back)] for back in range(1, weeks + 1)]
    known = [value for value in same_days if value is not None]
    if len(known) < weeks / 2:
        return None
    usual = statistics.median(known)
    spread = 1.4826 * statistics.median([abs(value - usual) for value in known])
    spread = max(spread, condition.get("least_deviation", 1))
    return usual + condition["spike"] * spread if "spike" in condition else usual - condition["drop"] * spread
