"""What the leader reads of the store for its metrics, in a rhythm of its own, and what that says."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Final, Protocol

from alerts.rules import Rule
from bewithu.clock import Clock
from bewithu.errors import Unavailable
from bewithu.fitting.metrics.labels import agency_label, reason_label, topic_label
from schemas.alerting import FIRING, Transition
from schemas.national_number import mask
from sinks.clickhouse.disks import Disk
from sinks.clickhouse.store_state import Arrivals, OpenRefusals

log = logging.getLogger("bewithu.metrics")

SILENT_AFTER: Final = timedelta(days=2)
#: Readings take at most one part in so many of the time, unless they would grow too old.
_SHARE: Final = 50
#: So soon after it began to lead a worker has readings.
_LOOK_SECONDS: Final = 0.5
#: Rather none than what nobody could read again for so long.
LONGEST_AGE_SECONDS: Final = 600.0


class Store(Protocol):
    """As `sinks.clickhouse.store_state.StoreState`. Every call raises `Unavailable`."""

    def open_refusals(self) -> Sequence[OpenRefusals]: ...

    def arrivals(self) -> Sequence[Arrivals]: ...

    def disks(self) -> Sequence[Disk]: ...


class States(Protocol):
    """The last transition of every alert. Raises `Unavailable`."""

    def states(self) -> Sequence[Transition]: ...


@dataclass(frozen=True, slots=True)
class Agency:
    """What is behind one label: an agency, all of a kind, or all that are not known."""

    events: int
    last: datetime | None
    heard: int
    silent: int


@dataclass(frozen=True, slots=True)
class Readings:
    """Taken at the monotonic time `at`."""

    at: float
    open_records: Mapping[tuple[str, str], int] = field(default_factory=dict)
    open_by_agency: Mapping[str, int] = field(default_factory=dict)
    agencies: Mapping[str, Agency] = field(default_factory=dict)
    firing: Mapping[str, int] = field(default_factory=dict)
    disks: Sequence[Disk] = ()


class Reader:
    """Reads everything once. Raises `Unavailable`. Counts of events never fall, as long as it is the same reader."""

    def __init__(self, store: Store, alerts: States, rules: Sequence[Rule], clock: Clock) -> None:
        self._store = store
        self._alerts = alerts
        self._rules = {rule.id: rule for rule in rules}
        self._clock = clock
        self._events = Counter[str]()

    def read(self) -> Readings:
        # First: what is asked behind it says whether the store is away, or only keeps its disks to itself.
        disks = self._disks()
        refusals = self._store.open_refusals()
        open_records, open_by_agency = Counter[tuple[str, str]](), Counter[str]()
        for each in refusals:
            open_records[topic_label(each.topic), reason_label(each.reason)] += each.records
            open_by_agency[agency_label(each.agency)] += each.records
        return Readings(
            at=monotonic(),
            open_records=open_records,
            open_by_agency=open_by_agency,
            agencies=self._agencies(self._store.arrivals(), self._clock.now()),
            firing=firing(self._alerts.states(), self._rules),
            disks=disks,
        )

    def _disks(self) -> Sequence[Disk]:
        """None where the store's user may not look at them."""
        try:
            return self._store.disks()
        except Unavailable:
            return ()

    def _agencies(self, arrivals: Sequence[Arrivals], now: datetime) -> Mapping[str, Agency]:
        behind: dict[str, list[Arrivals]] = {}
        for each in arrivals:
            behind.setdefault(agency_label(each.agency), []).append(each)
        for label, those in behind.items():
            # A double that is merged away, or an erasure, would pass for a counter that began anew.
            self._events[label] = max(self._events[label], sum(each.events for each in those))
        return {
            label: Agency(
                events=self._events[label],
                last=max((each.last for each in those if each.last), default=None),
                heard=len(those),
                silent=sum(each.last is None or now - each.last > SILENT_AFTER for each in those),
            )
            for label, those in behind.items()
        }


def firing(states: Sequence[Transition], rules: Mapping[str, Rule]) -> Mapping[str, int]:
    """How many alerts go on, by severity."""
    found = Counter[str]()
    for state in states:
        if state.kind in FIRING and state.rule in rules:
            found[rules[state.rule].told_in(state.area).severity] += 1
    return found


class Observation:
    """The newest readings, while this worker leads."""

    def __init__(self, reader: Callable[[], Reader], every: float) -> None:
        """`reader` makes one for each time that this worker comes to lead."""
        self._new_reader = reader
        self._every = every
        self.readings: Readings | None = None

    async def keep(self, leads: Callable[[], bool], on_lost: Callable[[], object]) -> None:
        """Never returns. `on_lost` is called while another worker leads."""
        reader: Reader | None = None
        next_at, trouble = 0.0, ""
        while True:
            if not leads():
                self.readings, reader, next_at = None, None, 0.0
                on_lost()
            elif monotonic() >= next_at:
                reader = reader or self._new_reader()
                began = monotonic()
                said, trouble = trouble, await self._read(reader, leads)
                if trouble and trouble != said:
                    log.warning("metrics of the store wait: %s", trouble)
                next_at = monotonic() + self._rest(monotonic() - began, failed=bool(trouble))
            await asyncio.sleep(min(_LOOK_SECONDS, self._every))

    def _rest(self, took: float, failed: bool) -> float:
        """Seconds until the next try."""
        if failed:
            # How long a try that timed out took says nothing of how much there is to read.
            return self._every
        # However much it is, readings are taken anew before they are too old to be told.
        return max(self._every - took, min((_SHARE - 1) * took, LONGEST_AGE_SECONDS / 2))

    async def _read(self, reader: Reader, leads: Callable[[], bool]) -> str:
        """What went wrong, if anything."""
        try:
            found = await asyncio.to_thread(reader.read)
        except Unavailable as error:
            return str(error)
        except Exception as error:
            # Metrics must not end a worker. An unexpected error may quote the data that it met.
            return mask(f"{type(error).__name__}: {error}")
        self.readings = found if leads() else None
        return ""
