"""Where a person lived while registered: what school, work and courses depend on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bewithu.simulator.acts import REGISTRATION, Act
from bewithu.simulator.plan import HORIZON


@dataclass(frozen=True, slots=True)
class Span:
    """Declared in a municipality at `since`, until the household declares in the next one, is gone, or for good."""

    since: float
    until: float
    municipality: str


def stays(acts: Sequence[Act]) -> list[Span]:
    """From the first declaration to the striking off, or to the horizon; none for who never declared."""
    own = [act for act in acts if act.topic == REGISTRATION]
    declared = sorted((act.moment, act.municipality) for act in own if act.status == "declared")
    gone = min((act.moment for act in own if act.status == "struck_off"), default=HORIZON)
    ends = [*(moment for moment, _ in declared[1:]), gone][: len(declared)]
    found = [Span(since, min(until, gone), nis) for (since, nis), until in zip(declared, ends, strict=True)]
    return [stay for stay in found if stay.since < min(stay.until, HORIZON)]


def municipality_at(lived: Sequence[Span], moment: float) -> str:
    """Where the person of `lived` (at least one stay) lived at `moment`, or first."""
    return next((stay for stay in reversed(lived) if stay.since <= moment), lived[0]).municipality
