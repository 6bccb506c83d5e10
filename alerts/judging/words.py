"""Why a condition holds or not in an area, in one line for logs and tables."""

from __future__ import annotations

import numpy as np

from alerts.durations import format_duration
from alerts.judging.panel import YES, Judged
from alerts.rules.conditions import (
    Absent,
    All,
    Drop,
    Ears,
    Either,
    Exceeds,
    Fall,
    FallsShort,
    Rise,
    Simple,
    Spike,
    is_lower,
)


def why(judged: Judged, place: tuple[int, ...]) -> str:
    """Of the area in that place."""
    condition = judged.condition
    if isinstance(condition, All | Either):
        word = " and " if isinstance(condition, All) else " or "
        return word.join(why(part, place) for part in judged.parts)
    name = f"{condition.indicator} " if condition.indicator else ""
    value, bound, holds = judged.value[place], judged.bound[place], judged.holds[place] == YES
    if isinstance(condition, Absent):
        told = f"no value for {format_duration(condition.absent)}" if holds else "there are values"
    elif np.isnan(value):
        told = "nothing is reported" if judged.silent[place] else "no value is published"
    elif np.isnan(bound):
        told = f"{value:.10g}, and there is no {_measure(condition)}"
    else:
        side = "below" if is_lower(condition) else "above"
        measure = _measure(condition)
        told = f"{value:.10g} is {'' if holds else 'not '}{side} {bound:.10g}{f' ({measure})' if measure else ''}"
    return name + told


def _measure(condition: Simple) -> str:
    """What the bound is, unless it is written in the rule."""
    match condition:
        case Rise() | Fall():
            by = f"+{condition.rise:g}" if isinstance(condition, Rise) else f"-{condition.fall:g}"
            return f"value {format_duration(condition.over)} before {by}{' %' * condition.percent}"
        case Spike() | Drop():
            by = f"+ {condition.spike:g}" if isinstance(condition, Spike) else f"- {condition.drop:g}"
            return f"median of the weekday {by} deviations"
        case Ears():
            return f"EARS {condition.ears}, alpha {condition.alpha:g}"
        case Exceeds() | FallsShort():
            times = condition.times_above if isinstance(condition, Exceeds) else condition.times_below
            whose = "the area around" if condition.to == "parent" else "the other areas"
            return f"{times:g} times the value of {whose}"
        case _:
            return ""
