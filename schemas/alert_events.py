"""What other systems are told of an alert: one event for each of its steps.

The contract is `schemas/outward/alert.v1.avsc`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from schemas.alerting import KINDS, Transition
from schemas.contracts import Contract
from schemas.outward import outward_contract


def alert_events() -> Contract:
    """The contract of the topic `bewithu.alerts.v1`."""
    return outward_contract("alert")


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """A step with what its area (`level`) and its rule say of it; `unknown` where that is not known any more."""

    transition: Transition
    level: str
    severity: str
    labels: Mapping[str, str] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Published:
    """The ids of the events that the broker confirmed. `trouble`: why it did not confirm others."""

    ids: tuple[str, ...]
    trouble: str = ""


def key(event: AlertEvent) -> str:
    """`rule|area`: all steps of an alert are in one partition, in their order."""
    return f"{event.transition.rule}|{event.transition.area}"


def value(event: AlertEvent) -> dict[str, Any]:
    """The event in the types that fastavro encodes."""
    return {
        **asdict(event.transition),
        "level": event.level,
        "severity": event.severity,
        "labels": dict(event.labels),
    }


def transition(document: Mapping[str, Any]) -> Transition | None:
    """The step that an event tells of; None when it is of a kind that this version does not know."""
    if document["kind"] not in KINDS:
        return None
    return Transition(**{each.name: document[each.name] for each in fields(Transition)})
