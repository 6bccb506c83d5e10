"""What alarms were worth. Pure.

An alarm tells of a shock when it is raised in the shocked world, in an area that is hit or lies around one, and does
not fire at that moment in the twin, which is the same world without the shock. Days are counted from the first
evaluation at which nine in ten of the messages about the first day that is hit were in: days of data, as nobody can see
an influx go on over a weekend on which no certificates are given out; and calendar days beside them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import numpy as np

from bench.detection.alarms import Alarm
from bench.detection.places import touches
from bewithu.clock import brussels_day

#: The data of a day are in when this share of its messages is.
IN: Final = 0.9
#: What is raised later than so many days after the data are in is no answer to the shock.
LATEST_DAYS: Final = 14
DAYS_A_MONTH: Final = 365.25 / 12


@dataclass(frozen=True, slots=True)
class Detection:
    """Of one shock: by source, how many days of data passed until it was told; and how many in the calendar."""

    shock: str
    kind: str
    is_large: bool
    days: Mapping[str, int]
    calendar: Mapping[str, int]

    def first(self, sources: Collection[str]) -> int | None:
        """Days of data until the first of these sources told of it."""
        return _least(self.days, sources)

    def first_in_calendar(self, sources: Collection[str]) -> int | None:
        return _least(self.calendar, sources)


@dataclass(frozen=True, slots=True)
class Quiet:
    """A world without a shock: whatever is raised there is a false alarm. `alarms`: by source; `heard`: by coordinator,
    of all sources.
    """

    months: float
    alarms: Mapping[str, int]
    heard: Mapping[str, int]


def data_in(published: Sequence[datetime], moments: Sequence[datetime]) -> int | None:
    """The number of the first evaluation by which enough of these messages were published; None when none is."""
    needed = sorted(published)[max(0, int(np.ceil(IN * len(published))) - 1)]
    return next((number for number, at in enumerate(moments) if at >= needed), None)


def _least(days: Mapping[str, int], sources: Collection[str]) -> int | None:
    return min((number for source, number in days.items() if source in sources), default=None)


def days_of_data(
    ready: int, calendar: int, moments: Sequence[datetime], days: Collection[date] | None
) -> int:
    """Of so many calendar days after `ready` (a moment's number), those whose evaluation had a day more to look at.

    `days`: those on which anything happened, every day when None.
    """
    if days is None or calendar <= 0:
        return calendar
    looked_at = (brussels_day(at) - timedelta(days=1) for at in moments[ready + 1 : ready + calendar + 1])
    return sum(day in days for day in looked_at)


def days_until_told(
    shocked: Iterable[Alarm], twin: Sequence[Alarm], place: str, since: int, ready: int, latest: int
) -> int | None:
    """After `ready` (a moment's number, one a day); below 0 when it was told of before all data were in.

    `since`: what was raised at earlier moments tells of something else. `latest`: so many days after `ready` at most.
    """
    told = [
        alarm.fired - ready
        for alarm in shocked
        if since <= alarm.fired <= ready + latest
        and touches(alarm.area, place)
        and not any(other.area == alarm.area and other.fires_at(alarm.fired) for other in twin)
    ]
    return min(told, default=None)


def quiet(alarms: Mapping[str, Sequence[Alarm]], days: int, addresses: Iterable[str]) -> Quiet:
    """What is raised at the first moment was there before, and is not counted."""
    raised = {source: [alarm for alarm in found if alarm.fired] for source, found in alarms.items()}
    heard = Counter(email for found in raised.values() for alarm in found for email in alarm.told)
    return Quiet(
        months=days / DAYS_A_MONTH,
        alarms={source: len(found) for source, found in raised.items()},
        heard={email: heard[email] for email in addresses},
    )
