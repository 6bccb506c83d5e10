"""How a figure came about: what was told of it from when on, why that changed, and the agencies behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from bewithu.board.data import Contributor, Moved, Origin, Revision
from schemas.indicators import Counted
from sinks.clickhouse.explanation import Arrivals, Explanations, Learned


def origin(indicator: Counted, explanations: Explanations, area: str, day: date) -> Origin:
    told = explanations.learned(indicator, area, day)
    arrivals = explanations.arrivals(indicator, area, day)
    return Origin(
        indicator.id,
        tuple(revisions(told, arrivals, day, max(indicator.minimum_cell, 1))),
        [
            Contributor(each.agency, each.events, each.corrected)
            for each in explanations.contributions(indicator, area, day)
        ],
    )


def revisions(
    told: Sequence[Learned], arrivals: Sequence[Arrivals], day: date, batch: int
) -> Iterator[Revision]:
    """What was believed at the end of the day itself, and each time after it that something else was told, with why.

    Pure. A number moves when a batch is full, so what arrived since it last moved is the reason. An agency is named
    when a batch of its events arrived in that time: fewer may be of one person.
    """
    on_the_day = [each for each in told if each.known_on <= day]
    first = on_the_day[-1:] or [Learned(day, None)]
    later = [each for each in told if each.known_on > day]
    if on_the_day or later:
        yield Revision(day, first[0].value)
    before = day
    for each in later:
        since = [arrival for arrival in arrivals if before < arrival.known_on <= each.known_on]
        yield Revision(each.known_on, each.value, tuple(_moved(since, batch)))
        before = each.known_on


def _moved(arrivals: Sequence[Arrivals], batch: int) -> Iterator[Moved]:
    for agency in sorted({each.agency for each in arrivals}):
        own = [each for each in arrivals if each.agency == agency]
        late = sum(each.late for each in own) >= batch
        corrected = sum(each.corrected for each in own) >= batch
        if late or corrected:
            yield Moved(agency, late, corrected)
