"""Which way an alert goes to its readers: a tree of routes, as Alertmanager has it. Pure.

An alert enters at the top. The first route below that matches takes it, and so on downwards; with `continue` the next
ones are asked, too. What a route leaves out it has from the one above. A route changes how, and to whom among those who
are responsible, an alert is told; who is responsible for an area says the address book.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from alerts.durations import Duration
from alerts.matching import known_of, matches
from alerts.rules import Rule
from alerts.rules.conditions import Word
from schemas.alerting import Transition


class Route(BaseModel):
    """A branch. `matchers` and `group_by` name rule, severity, level, area, province, region, or a label."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Word | None = Field(None, description="what it is called where it is shown")
    matchers: Mapping[Word, str] = Field(
        default_factory=dict, description="all must be so; an area also when the alert lies in it"
    )
    to: tuple[str, ...] | None = Field(
        None, description="e-mail addresses: of those responsible only these are told; all when left out"
    )
    group_by: tuple[Word, ...] | None = Field(
        None, description="alerts that have the same of these go into one mail; [rule] at the top"
    )
    group_wait: Duration | None = Field(
        None, description="how long the first alert of a mail waits for others; 30s at the top"
    )
    continue_: bool = Field(
        default=False, alias="continue", description="whether the next route is asked, too"
    )
    routes: tuple[Route, ...] = ()


@dataclass(frozen=True, slots=True)
class Way:
    """How an alert is told. `name`: those of the routes that it went by, from the top; `to` is None for all."""

    name: str
    to: tuple[str, ...] | None
    group_by: tuple[str, ...]
    group_wait: timedelta


_TOP: Final = Way("", None, ("rule",), timedelta(seconds=30))


def ways(transition: Transition, rule: Rule, tree: Route) -> Sequence[Way]:
    """At least one, in the order of the tree."""
    return list(_down(transition, rule, tree, _TOP))


def way_to(email: str, found: Sequence[Way]) -> Way | None:
    """The first way that leads to the reader; None when none does."""
    return next((way for way in found if way.to is None or email in way.to), None)


def group_of(transition: Transition, rule: Rule, way: Way) -> tuple[str, ...]:
    """What alerts of one mail have in common."""
    known = known_of(transition, rule)
    return tuple(known.get(name, "") for name in way.group_by)


def all_routes(
    tree: Route, place: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], Route]]:
    """Every route with its place in the tree, the top first."""
    yield place, tree
    for number, route in enumerate(tree.routes):
        yield from all_routes(route, (*place, "routes", number))


def _down(transition: Transition, rule: Rule, route: Route, above: Way) -> Iterator[Way]:
    here = _changed(above, route)
    taken = False
    for number, below in enumerate(route.routes, start=1):
        if matches(below.matchers, transition, rule):
            taken = True
            named = below if below.name else below.model_copy(update={"name": f"route-{number}"})
            yield from _down(transition, rule, named, here)
            if not below.continue_:
                return
    if not taken:
        yield here


def _changed(above: Way, route: Route) -> Way:
    changes: dict[str, Any] = {
        name: getattr(route, name)
        for name in ("to", "group_by", "group_wait")
        if getattr(route, name) is not None
    }
    name = "/".join(part for part in (above.name, route.name or "") if part)
    return replace(above, name=name, **changes)
