"""Decides what a finding does to an alert. Pure: nothing is kept, nothing is looked up.

                 ┌──────────── the condition ends: dropped ────────────┐
                 ↓                                                     │
    inactive ──holds──> pending ──has held for `for`──> firing <──relapsed── recovering
        ↑                                                 └──ends: recovering──↑ │
        ├──────────── ends, without `keep_firing_for`: resolved ──┘              │
        └──────────── has ended for `keep_firing_for`: resolved ─────────────────┘

An alert that fires for another `repeat_interval` is `reminded`, and goes on firing. In the place of `resolved`, or
after it, comes `retracted` when the data that it fired on were wrong (alerts/correcting.py).

With `for: 0s` an inactive alert fires at once. An alert that fires ends when its condition no longer `stays`, which may
be at another threshold than the one at which it began. What cannot be said changes nothing; where all that was
reported was taken back it can be said (alerts/judging/panel.py). The state between two
evaluations is what the log says (`latest`), so a restart or another leader continues where the last one stopped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from alerts.durations import format_duration
from alerts.judging import Finding
from alerts.rules import Rule
from schemas.alerting import Kind, Transition

Phase = Literal["inactive", "pending", "firing", "recovering"]
#: An alert goes on, as far as anybody was told, until it is over.
GOES_ON: Final[frozenset[Phase]] = frozenset({"firing", "recovering"})
Alert = tuple[str, str]
"""A rule's id and an area's code."""

_PHASE_AFTER: Mapping[Kind, Phase] = {
    "pending": "pending",
    "dropped": "inactive",
    "firing": "firing",
    "reminded": "firing",
    "recovering": "recovering",
    "relapsed": "firing",
    "resolved": "inactive",
    "retracted": "inactive",
}


@dataclass(frozen=True, slots=True)
class State:
    """Where an alert stands after its transition `number`, which was taken `at` that moment.

    `since`: when the condition began to hold, for the whole alert.
    """

    phase: Phase
    since: datetime
    number: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """What an evaluation does, if anything, and why."""

    transition: Transition | None
    reason: str


def evaluate(rule: Rule, finding: Finding, state: State | None, now: datetime) -> Decision:
    """The step that `finding` makes the alert take. `now` is aware; lengths of time are measured in its time."""
    kind = step(rule, finding.holds, finding.stays, state, now)
    reason = finding.reason + _timing(rule, finding, state, now, kind)
    if kind is None:
        return Decision(None, reason)
    return Decision(_transition(rule, finding, state, now, kind, reason), reason)


def step(
    rule: Rule, holds: bool | None, stays: bool | None, state: State | None, now: datetime
) -> Kind | None:
    """The next step, if one is taken: `holds` counts before an alert fires, `stays` from then on."""
    match state.phase if state else "inactive":
        case "pending" if holds is False or stays is False:
            return "dropped"
        case "pending" if state and holds:
            return "firing" if now - state.since >= rule.for_ else None
        case "firing" if stays is False:
            return "recovering" if rule.keep_firing_for else "resolved"
        case "firing" if state and stays and rule.repeat_interval:
            return "reminded" if now - state.at >= rule.repeat_interval else None
        case "recovering" if state and stays is not None:
            if stays:
                return "relapsed"
            return "resolved" if now - state.at >= rule.keep_firing_for else None
        case "inactive" if holds:
            return "pending" if rule.for_ else "firing"
    return None


def _timing(rule: Rule, finding: Finding, state: State | None, now: datetime, kind: Kind | None) -> str:
    """What is said of the time behind the reason."""
    phase = state.phase if state else "inactive"
    if kind == "pending":
        return f"; fires when it has held for {format_duration(rule.for_)}"
    if state and phase == "pending" and finding.holds:
        held = f", for {format_duration(now - state.since)}"
        return held if kind else f"{held} of {format_duration(rule.for_)}"
    if kind == "recovering":
        return f"; over when it has not held for {format_duration(rule.keep_firing_for)}"
    if state and phase == "recovering" and finding.stays is False:
        ended = f", for {format_duration(now - state.at)}"
        return ended if kind else f"{ended} of {format_duration(rule.keep_firing_for)}"
    return ": still firing" if phase == "firing" and finding.stays else ""


def _transition(
    rule: Rule, finding: Finding, state: State | None, now: datetime, kind: Kind, reason: str
) -> Transition:
    number = state.number + 1 if state else 1
    begins = state is None or state.phase == "inactive"
    at = to_millisecond(now)
    return Transition(
        id=transition_id(rule.id, finding.area, number, kind),
        rule=rule.id,
        area=finding.area,
        number=number,
        kind=kind,
        at=at,
        since=at if state is None or begins else state.since,
        indicator=finding.indicator,
        day=finding.day,
        value=finding.value,
        threshold=finding.bound,
        provisional=finding.provisional,
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
    return {alert: state_after(last) for alert, last in newest.items()}


def state_after(transition: Transition) -> State:
    return State(_PHASE_AFTER[transition.kind], transition.since, transition.number, transition.at)


#: Of two steps with one number, which only two leaders at once can write, the one that people were told of counts: they
#: must hear when a firing is over, and of the next one after they heard that it was.
_TOLD: Mapping[Kind, int] = {"firing": 3, "retracted": 2, "resolved": 1}


def _order(transition: Transition) -> tuple[int, int, str, float]:
    """Of one step written twice the earlier writing counts."""
    told = _TOLD.get(transition.kind, 0)
    return transition.number, told, transition.id, -transition.at.timestamp()


def to_millisecond(moment: datetime) -> datetime:
    """UTC in whole milliseconds, which is what the log keeps."""
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
