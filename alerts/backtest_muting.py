"""What people would have heard in a backtest: what another alert explains is held back, as in alerts/holding.py."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby

from alerts.backtest import Moment
from schemas.alerting import OVER, Transition
from schemas.areas import ancestors

#: By area, from when to when an alert fired there; without an end while it still does.
Spans = Mapping[str, Sequence[tuple[datetime, datetime | None]]]


def spans_of(steps: Iterable[Transition]) -> Spans:
    """`steps` area by area, each area's in their order."""
    found: dict[str, list[tuple[datetime, datetime | None]]] = {}
    for step in steps:
        mine = found.setdefault(step.area, [])
        if step.kind == "firing":
            mine.append((step.at, None))
        elif step.kind in OVER and mine and mine[-1][1] is None:
            mine[-1] = (mine[-1][0], step.at)
    return found


def heard(
    steps: Iterable[Transition], muting: Sequence[Spans], moments: Sequence[Moment]
) -> Iterator[Transition]:
    """Those of `steps`, area by area, that are told; an alert that is told later, as of that moment.

    `muting`: of each rule that mutes this one when its alerts fired.
    """
    for area, taken in groupby(steps, key=lambda step: step.area):
        told = True
        mine = list(taken)
        for place, step in enumerate(mine):
            if step.kind == "firing":
                end = next((each.at for each in mine[place:] if each.kind in OVER), None)
                since = _first_heard(area, step.at, end, muting, moments)
                told = since is not None
                if since is not None:
                    yield replace(step, at=since)
            elif told:
                yield step


def _first_heard(
    area: str,
    fired: datetime,
    end: datetime | None,
    muting: Sequence[Spans],
    moments: Sequence[Moment],
) -> datetime | None:
    """The first evaluation at which nothing mutes an alert that still fires."""
    around = ancestors(area)
    spans = [span for each in muting for code in around for span in each.get(code, ())]
    for moment in moments:
        if moment.at < fired:
            continue
        if end is not None and moment.at >= end:
            return None
        if not any(begin <= moment.at and (over is None or moment.at < over) for begin, over in spans):
            return moment.at
    return None
