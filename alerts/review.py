"""Which rules are worth their mails: those that never or always fire, reach nobody, or that nobody acts on. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from alerts.address_book import AddressBook
from alerts.route_tests import asked
from alerts.rules import Rule
from schemas.alerting import Acknowledgement, Transition
from schemas.areas import covering

#: An alert that fires for so much of the period is no news.
_ALWAYS: Final = 0.8
#: From so many alerts on it tells something that nobody acknowledged one.
_ENOUGH: Final = 3
#: So many of them withdrawn: the rule looks at figures that are not settled.
_WITHDRAWN: Final = 1 / 3


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What a rule did in a period. `unheard`: areas of its level of which nobody would hear. `remarks`: what to look
    into; none when all is well.
    """

    rule: str
    fired: int
    areas: int
    withdrawn: int
    acknowledged: int
    unheard: int
    remarks: tuple[str, ...]


def review(
    rules: Iterable[Rule],
    book: AddressBook,
    told: Sequence[Transition],
    acknowledgements: Sequence[Acknowledgement],
    since: datetime,
    now: datetime,
) -> list[Reviewed]:
    """`told`: the steps that people heard of since then, in their order."""
    steps: Mapping[str, list[Transition]] = defaultdict(list)
    for step in told:
        steps[step.rule].append(step)
    known = {(each.rule, each.area, each.since) for each in acknowledgements}
    return [_reviewed(rule, book, steps[rule.id], known, since, now) for rule in rules]


def _reviewed(
    rule: Rule,
    book: AddressBook,
    steps: Sequence[Transition],
    known: set[tuple[str, str, datetime]],
    since: datetime,
    now: datetime,
) -> Reviewed:
    alerts = {(step.area, step.since) for step in steps if step.kind == "firing"}
    withdrawn = sum(step.kind == "retracted" for step in steps)
    acknowledged = sum((rule.id, area, begun) in known for area, begun in alerts)
    areas = covering(rule.level)
    unheard = sum(not any(each.told for each in asked(rule, area.code, book)) for area in areas)
    longest = max((share for _, share in shares_firing(steps, since, now)), default=0.0)
    remarks = []
    if unheard == len(areas):
        remarks.append("reaches nobody")
    elif unheard:
        remarks.append(f"in {unheard} of {len(areas)} areas it reaches nobody")
    if not steps:
        remarks.append("never fired")
    if longest >= _ALWAYS:
        remarks.append(f"fired for {longest:.0%} of the time in an area")
    if len(alerts) >= _ENOUGH and not acknowledged:
        remarks.append("nobody acknowledged any of its alerts")
    if len(alerts) >= _ENOUGH and withdrawn >= _WITHDRAWN * len(alerts):
        remarks.append("many of its alerts were withdrawn")
    return Reviewed(
        rule.id,
        len(alerts),
        len({area for area, _ in alerts}),
        withdrawn,
        acknowledged,
        unheard,
        tuple(remarks),
    )


def shares_firing(steps: Sequence[Transition], since: datetime, now: datetime) -> Iterator[tuple[str, float]]:
    """For how much of the period each area's alerts fired. One that ends without a beginning fired from the start."""
    by_area: Mapping[str, list[Transition]] = defaultdict(list)
    for step in steps:
        by_area[step.area].append(step)
    for area, taken in by_area.items():
        total, begun = timedelta(0), None if taken[0].kind == "firing" else since
        for step in taken:
            if step.kind in ("firing", "reminded"):
                begun = begun or step.at
            elif begun is not None:
                total, begun = total + (step.at - begun), None
        if begun is not None:
            total += now - begun
        yield area, total / (now - since)
