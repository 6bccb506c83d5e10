"""Heartbeats: feeds say every morning that they are alive, and agencies close each month some days after it.

Municipalities and CPAS have thousands of feeds, so only those of two cities with a line of their own say that
they are alive; the others' sign of life is the period that they close. How punctual they are is ours.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from bewithu.simulator.acts import (
    BENEFIT,
    CAPACITY,
    COURSE,
    CPAS,
    DVZ,
    EMPLOYMENT,
    FEDASIL,
    HEARTBEAT,
    HOUSING,
    LOCAL,
    MUNICIPALITY,
    REGISTRATION,
    SCHOOL,
    Act,
)
from bewithu.simulator.chance import stream_of
from bewithu.simulator.competence import EMPLOYMENT_SERVICES, INTEGRATION_AGENCIES, MINISTRIES, REGIONS
from bewithu.simulator.incidents import end_of_silence
from bewithu.simulator.ledger import Feed, Ledger
from bewithu.simulator.messages import Message, Subject
from bewithu.simulator.moments import at_office, date_of, day_number, milliseconds
from bewithu.simulator.plan import Plan
from schemas.areas import municipalities

_CITIES = ("44021", "52011")
#: Feeds that say daily that they are alive.
_LINES = (
    Feed(DVZ, REGISTRATION),
    Feed(FEDASIL, HOUSING),
    Feed(FEDASIL, CAPACITY),
    *(Feed(agency, CAPACITY) for agency in REGIONS.values()),
    *(Feed(agency, SCHOOL) for agency in MINISTRIES.values()),
    *(Feed(agency, EMPLOYMENT) for agency in EMPLOYMENT_SERVICES),
    *(Feed(agency, COURSE) for agency in INTEGRATION_AGENCIES),
    *(Feed(f"{MUNICIPALITY}-{nis}", topic) for nis in _CITIES for topic in (REGISTRATION, HOUSING)),
    *(Feed(f"{CPAS}-{nis}", BENEFIT) for nis in _CITIES),
)
#: Where the others have their seat; the rest is in the City of Brussels.
_SEATS = {
    "reg-wal": "92094",
    "edu-vl": "21014",
    "edu-fwb": "21012",
    "edu-dg": "63023",
    "employ-forem": "52011",
    "employ-actiris": "21014",
    "employ-adg": "63067",
    "integ-cri": "92094",
    "integ-info": "63023",
}
_BRUSSELS = "21004"
#: Of the local agencies' periods: closed by the twelfth, weeks later, never.
_IN_TIME, _LATE = 0.85, 0.97
#: From 5:00 to 6:00.
_AWAKE, _WAKES = 0.208, 0.042
_SECOND = 1_000
_DAY = 86_400_000


@dataclass(slots=True)
class Heartbeats:
    """What the feeds of a plan say of themselves, day by day. They fall silent with their agencies."""

    plan: Plan
    ledger: Ledger
    _closings: list[tuple[float, Feed, date]] = field(default_factory=list)
    _times: dict[Feed, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for feed in _LINES:
            random = stream_of(f"{self.plan.seed}/{feed.agency}/{feed.topic}")
            self._times[feed] = _AWAKE + _WAKES * random.random()

    def on(self, day: int) -> Iterator[Message]:
        """The messages of the day with that number; the ledger has all that is sent until its end."""
        for feed in _LINES:
            yield from self._alive(feed, day)
        if date_of(day).day == 1:
            self._expect_closings(day)
        while self._closings and self._closings[0][0] < day + 1:
            moment, feed, month = heapq.heappop(self._closings)
            yield self._closed(moment, feed, month)

    def _alive(self, feed: Feed, day: int) -> Iterator[Message]:
        moment = day + self._times[feed]
        agency, nis = _parted(feed.agency)
        if end_of_silence(agency, nis, milliseconds(moment)) is None:
            yield self._message(moment, feed, "alive", day, {})

    def _expect_closings(self, day: int) -> None:
        """On the first of a month: when the feeds that have sent anything by then close the month before."""
        month = (date_of(day) - timedelta(days=1)).replace(day=1)
        for feed in self.ledger.heard_before(milliseconds(day)):
            moment = _closing(self.plan.seed, feed, month, day)
            if moment is None:
                self.ledger.settled(feed, month, 0)
            else:
                heapq.heappush(self._closings, (moment, feed, month))

    def _closed(self, moment: float, feed: Feed, month: date) -> Message:
        count = self.ledger.settled(feed, month, milliseconds(moment))
        detail = {
            "period_start": month,
            "period_end": (month + timedelta(days=31)).replace(day=1) - timedelta(days=1),
            "expected": count.expected,
            "sent": count.sent,
        }
        return self._message(moment, feed, "period_closed", -day_number(month), detail)

    def _message(
        self, moment: float, feed: Feed, status: str, number: int, detail: dict[str, object]
    ) -> Message:
        agency, nis = _parted(feed.agency)
        event_type = feed.topic.split(".")[1]
        # a municipality that is gone has a successor, which closes its last month under the code of that time
        own = {"agency": feed.agency, "feed": event_type, **detail}
        act = Act(moment, HEARTBEAT, status, agency, nis or _SEATS.get(agency, _BRUSSELS), own)
        recorded = milliseconds(moment)
        subject = Subject(f"{self.plan.seed}/{feed.agency}/{feed.topic}")
        return Message(recorded + 5 * _SECOND, recorded, subject, number, act)


def _parted(code: str) -> tuple[str, str]:
    """The kind of a local agency and its municipality; of others the whole code, and nothing."""
    kind, _, nis = code.partition("-")
    return (kind, nis) if kind in LOCAL else (code, "")


def _closing(seed: int, feed: Feed, month: date, day: int) -> float | None:
    """When the feed closes `month`, which ended before `day`; None when it never does."""
    agency, nis = _parted(feed.agency)
    if nis and not municipalities()[nis].valid_on(month):
        return None
    random = stream_of(f"{seed}/{feed.agency}/{feed.topic}/{month}")
    punctual = random.random() if agency in LOCAL else 0.0
    if punctual >= _LATE:
        return None
    lag = 3 + 7 * random.random() if punctual < _IN_TIME else 12 + 30 * random.random()
    moment = at_office(random, day, lag)
    silent = milliseconds(moment)
    back = end_of_silence(agency, nis, silent)
    return moment if back is None else moment + (back - silent) / _DAY + 0.45
