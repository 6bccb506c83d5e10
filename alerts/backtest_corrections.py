"""What a backtest would have had to take back: its alerts, looked at again with what was known at each later moment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

import numpy as np

from alerts.backtest import History, Moment, panel_then
from alerts.correcting import LOOKED_AT_FOR, areas_to_judge, taken_back
from alerts.evaluate import transition_id
from alerts.judging import Finding, find, is_provisional
from alerts.judging.findings import finding_at
from alerts.rules import Rule
from schemas.alerting import Transition

#: Alerts whose values are read at once.
_AT_ONCE = 40
#: Each of these reads takes as long as a third of the backtest itself; a rule with more alerts has other faults.
MOST_ALERTS: Final = 200


@dataclass(frozen=True, slots=True)
class _Ended:
    """`looks`: the moments at which the firing's day is judged again; the first is that of the end."""

    firing: Transition
    end: Transition
    looks: tuple[Moment, ...]


def are_too_many(steps: Iterable[Transition]) -> bool:
    """Whether so many alerts end that nobody looks for those that were wrong."""
    return sum(step.kind == "resolved" for step in steps) > MOST_ALERTS


def corrected(
    rule: Rule,
    steps: Sequence[Transition],
    moments: Sequence[Moment],
    delays: Mapping[str, int],
    history: History,
) -> list[Transition]:
    """`steps` area by area, as `backtest` gave them for these moments; with what the evaluator would have taken back.

    `delays`: by indicator, how many days its data usually take.
    """
    by_area = {area: list(taken) for area, taken in groupby(steps, key=lambda step: step.area)}
    ended = [found for taken in by_area.values() for found in _ended(rule, taken, moments, delays)]
    corrections: dict[str, Transition] = {}
    for begin in range(0, len(ended), _AT_ONCE):
        corrections |= _corrections(rule, ended[begin : begin + _AT_ONCE], history)
    return [step for taken in by_area.values() for step in _renumbered(taken, corrections)]


def _ended(
    rule: Rule, taken: Sequence[Transition], moments: Sequence[Moment], delays: Mapping[str, int]
) -> Iterator[_Ended]:
    firing: Transition | None = None
    for place, step in enumerate(taken):
        if step.kind == "firing":
            firing = step
        if step.kind == "resolved" and firing:
            following = taken[place + 1].at if place + 1 < len(taken) else None
            looks = tuple(
                Moment(each.at, firing.day, is_provisional(firing.day, delays[rule.indicator], each.at))
                for each in moments
                if step.at <= each.at <= step.at + LOOKED_AT_FOR
                and (following is None or each.at < following)
            )
            yield _Ended(firing, step, looks)


def _corrections(rule: Rule, ended: Sequence[_Ended], history: History) -> Mapping[str, Transition]:
    """By the id of the end."""
    areas = areas_to_judge(rule, {each.firing.area for each in ended})
    looks = sorted({look for each in ended for look in each.looks}, key=lambda look: (look.at, look.day))
    panel = panel_then([rule], areas, looks, history)
    active = np.array([rule.active.includes(look.day) for look in looks])
    found = find(rule, areas, panel, active[:, None])

    def restated(area: str, look: Moment) -> Finding:
        place = (looks.index(look), areas.index(area))
        return finding_at(rule, found, area, place, look.day, look.provisional)

    corrections = {}
    for each in ended:
        area, day = each.firing.area, each.firing.day
        for number, look in enumerate(each.looks):
            seen = {(rule.id, area, day): restated(area, look)}
            back = next(
                taken_back([(each.firing, each.end, number > 0)], {rule.id: rule}, seen, look.at), None
            )
            if back:
                corrections[each.end.id] = back
                break
    return corrections


def _renumbered(taken: Sequence[Transition], corrections: Mapping[str, Transition]) -> Iterator[Transition]:
    further = 0
    for step in taken:
        back = corrections.get(step.id)
        if back is None or back.number > step.number:
            yield _moved(step, further)
        if back:
            yield _moved(back, further)
            further += back.number - step.number


def _moved(step: Transition, further: int) -> Transition:
    number = step.number + further
    return replace(step, number=number, id=transition_id(step.rule, step.area, number, step.kind))
