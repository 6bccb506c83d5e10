"""What each feed has on record and has sent, by month: what an agency counts when it closes a period."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from bewithu.simulator.messages import Message, agency_code
from bewithu.simulator.moments import date_of

_NEVER = 1 << 62


@dataclass(frozen=True, slots=True, order=True)
class Feed:
    """The events of one topic that one agency tells of. `agency` is its code."""

    agency: str
    topic: str


@dataclass(frozen=True, slots=True)
class Count:
    """Events of a period that are on record and those that were sent; what was taken back is neither."""

    expected: int
    sent: int


@dataclass(slots=True)
class Ledger:
    """All events of all feeds until their month is settled. Moments in milliseconds since 1970."""

    #: Of each event when it was recorded, first sent, and taken back.
    _events: dict[tuple[Feed, date], array[int]] = field(default_factory=dict)
    _first: dict[Feed, int] = field(default_factory=dict)

    def note(self, sent: Sequence[Message]) -> None:
        """All messages about one act, of which there is at least one."""
        act = sent[0].act
        feed, month = Feed(agency_code(act), act.topic), date_of(act.moment).replace(day=1)
        for each in _by_event(sent):
            published = min(message.published for message in each)
            recorded = min(message.recorded for message in each)
            taken_back = min((message.published for message in each if message.cancelled), default=_NEVER)
            self._events.setdefault((feed, month), array("q")).extend((recorded, published, taken_back))
            self._first[feed] = min(published, self._first.get(feed, _NEVER))

    def heard_before(self, moment: int) -> Iterator[Feed]:
        """The feeds that had sent something, in the order of their names."""
        return (feed for feed in sorted(self._first) if self._first[feed] < moment)

    def settled(self, feed: Feed, month: date, moment: int) -> Count:
        """The month's events as they stand at `moment`; they are forgotten, as nobody closes a month twice."""
        events = self._events.pop((feed, month), array("q"))
        standing = [
            (recorded <= moment, published <= moment)
            for recorded, published, taken_back in zip(events[::3], events[1::3], events[2::3], strict=True)
            if taken_back > moment
        ]
        return Count(sum(recorded for recorded, _ in standing), sum(published for _, published in standing))


def _by_event(sent: Sequence[Message]) -> Sequence[Sequence[Message]]:
    """The messages by the event that they are about: an act recorded twice by mistake is two events."""
    if len(sent) == 1:
        return [sent]
    numbers = {message.number for message in sent}
    return [[message for message in sent if message.number == number] for number in sorted(numbers)]
