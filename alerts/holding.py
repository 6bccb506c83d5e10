"""Why nobody is told of an alert for now: a silence, or another alert that explains it. Pure.

An alert that is held back and still fires when nothing holds it any more is told then; one that is over before is told
to nobody. That an alert is over is told, whatever holds, to those who heard that it fires.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from alerts.evaluate import GOES_ON, Alert, State
from alerts.matching import matches
from alerts.rules import Rule
from schemas.alerting import CALLS, Silence, Transition
from schemas.areas import ancestors


@dataclass(frozen=True, slots=True)
class Held:
    """Why an alert is held back. `still_fires`: so it may be told yet; else nobody will hear of it."""

    reason: str
    still_fires: bool


def holding(
    fresh: Iterable[Transition],
    rules: Mapping[str, Rule],
    silences: Collection[Silence],
    states: Mapping[Alert, State],
    real_now: datetime,
) -> Mapping[str, Held]:
    """Of the transitions that nobody was told of yet those that begin to fire and are held back, by id."""
    firing = {alert for alert, state in states.items() if state.phase in GOES_ON}
    held = {}
    for each in fresh:
        rule = rules.get(each.rule)
        if each.kind not in CALLS or rule is None:
            continue
        alert = (each.rule, each.area)
        if reason := why_held(each, rule, silences, firing, real_now):
            # `since` is the same for all steps of one alert.
            held[each.id] = Held(reason, alert in firing and states[alert].since == each.since)
    return held


def why_held(
    transition: Transition,
    rule: Rule,
    silences: Iterable[Silence],
    firing: Collection[Alert],
    real_now: datetime,
) -> str | None:
    """None when it is to be told now."""
    for silence in silences:
        if silence.begins <= real_now < silence.ends and matches(silence.matchers, transition, rule):
            return f"silenced by {silence.author} until {silence.ends:%Y-%m-%d %H:%M} UTC: {silence.reason}"
    for other in rule.muted_by:
        for area in ancestors(transition.area):
            if (other, area) in firing:
                return f"muted, as {other} fires in {area}"
    return None


def in_force(silences: Iterable[Silence]) -> tuple[Silence, ...]:
    """Of each silence the last that was written of it: one that was ended ends earlier."""
    last: dict[str, Silence] = {}
    for silence in sorted(silences, key=lambda each: each.at):
        last[silence.id] = silence
    return tuple(last.values())
