"""Decides what a reading does to an alert. Pure: nothing is kept, nothing is looked up.

    inactive ──condition holds──> pending ──held for `for`──> firing ──condition ends──> resolved (inactive)
                                     └──condition ends early──> dropped (inactive)

With `for: 0s` an inactive alert fires at once. The state between two evaluations is what the log says
(`latest`), so a restart or another leader continues where the last one stopped.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from alerts.durations import format_duration
from alerts.rules import Above, Rule
from schemas.alerting import Kind, Reading, Transition

Phase = Literal["inactive", "pending", "firing"]
Alert = tuple[str, str]
"""A rule's id and an area's code."""

_PHASE_AFTER: Mapping[Kind, Phase] = {
    "pending": "pending",
    "firing": "firing",
    "dropped": "inactive",
    "resolved": "inactive",
}


@dataclass(frozen=True, slots=True)
class State:
    """Where an alert stands: after its transition `number`, with the condition holding `since` then."""

    phase: Phase
    since: datetime
    number: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What an evaluation does, if anything, and why."""

    transition: Transition | None
    reason: str


def evaluate(rule: Rule, reading: Reading | None, state: State | None, now: datetime) -> Decision:
    """The step that `reading` makes the alert take. `now` is aware; `for` is measured in its time."""
    if reading is None:
        return Decision(None, "no value is published yet")
    if reading.value is None or not math.isfinite(reading.value):
        return Decision(None, f"the value of {reading.day} is suppressed")
    kind, reason = _step(rule, reading.value, state, now)
    if kind is None:
        return Decision(None, reason)
    return Decision(_transition(rule, reading, state, now, kind, reason), reason)


def _step(rule: Rule, value: float, state: State | None, now: datetime) -> tuple[Kind | None, str]:
    phase = state.phase if state else "inactive"
    holds = rule.condition.holds(value)
    compared = _compared(rule, value)
    if not holds:
        ended: Mapping[Phase, Kind] = {"pending": "dropped", "firing": "resolved"}
        return ended.get(phase), compared
    if phase == "firing":
        return None, f"{compared}: still firing"
    held = now - state.since if state and phase == "pending" else None
    if held is None and rule.for_:
        return "pending", f"{compared}; fires when it has held for {format_duration(rule.for_)}"
    if held is None or held >= rule.for_:
        return "firing", f"{compared}, for {format_duration(held)}" if held else compared
    return None, f"{compared}, for {format_duration(held)} of {format_duration(rule.for_)}"


def _compared(rule: Rule, value: float) -> str:
    condition = rule.condition
    kind = "above" if isinstance(condition, Above) else "below"
    relation = kind if condition.holds(value) else f"not {kind}"
    return f"{value:.10g} is {relation} {condition.threshold:.10g}"


def _transition(
    rule: Rule, reading: Reading, state: State | None, now: datetime, kind: Kind, reason: str
) -> Transition:
    assert reading.value is not None
    number = state.number + 1 if state else 1
    begins = state is None or state.phase == "inactive"
    at = to_millisecond(now)
    return Transition(
        id=transition_id(rule.id, reading.area, number, kind),
        rule=rule.id,
        area=reading.area,
        number=number,
        kind=kind,
        at=at,
        since=at if state is None or begins else state.since,
        indicator=reading.indicator,
        day=reading.day,
        value=reading.value,
        threshold=rule.condition.threshold,
        provisional=reading.provisional,
        reason=reason,
    )


def transition_id(rule: str, area: str, number: int, kind: Kind) -> str:
    """32 hexadecimal digits. Two leaders that start from the same state give the same step the same id."""
    return hashlib.sha256(f"{rule}\n{area}\n{number}\n{kind}".encode()).hexdigest()[:32]


def latest(transitions: Iterable[Transition]) -> Mapping[Alert, State]:
    """Each alert's state, from its log in any order, doubles included.

    By number, not by time: a clock that was set back, or a replay that starts again, loses nothing.
    """
    newest: dict[Alert, Transition] = {}
    for each in transitions:
        alert = (each.rule, each.area)
        known = newest.get(alert)
        if known is None or _order(each) > _order(known):
            newest[alert] = each
    return {alert: State(_PHASE_AFTER[last.kind], last.since, last.number) for alert, last in newest.items()}


def _order(transition: Transition) -> tuple[int, bool, str, float]:
    """Of one step written twice the earlier writing counts. Of two steps with one number, which only two
    leaders at once can write, a firing counts: people were told of it, and must hear when it is over.
    """
    return transition.number, transition.kind == "firing", transition.id, -transition.at.timestamp()


def to_millisecond(moment: datetime) -> datetime:
    """UTC in whole milliseconds, which is what the log keeps."""
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
