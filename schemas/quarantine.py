"""A refused record's life after its refusal: where it stands, and the steps that brought it there."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from schemas.intake import Refusal

#: `accepted` wins over `dropped`, whichever came first: what is in the facts is never called anything else.
State = Literal["open", "accepted", "dropped"]
Kind = Literal["refused", "unreadable", "dropped", "accepted"]

_PLACE = re.compile(r"(?P<topic>[A-Za-z0-9._-]+)/(?P<partition>[0-9]{1,9})/(?P<offset>[0-9]{1,18})")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a record is in Kafka."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"

    @classmethod
    def parse(cls, text: str) -> Place:
        """`TOPIC/PARTITION/OFFSET`. Raises `ValueError` for anything else."""
        found = _PLACE.fullmatch(text)
        if not found:
            raise ValueError(f"{text!r} is no place: expected TOPIC/PARTITION/OFFSET, such as a.topic/0/17")
        return cls(found["topic"], int(found["partition"]), int(found["offset"]))


@dataclass(frozen=True, slots=True)
class Held:
    """A record in quarantine, without its bytes: its newest refusal, and where it stands.

    `changed_at`, `by` and `why` are those of the step that gave it its state, or of its last replay that failed.
    """

    place: Place
    agency: str
    event_id: str | None
    reason: str
    field: str
    detail: str
    raw_length: int
    kafka_time: datetime
    known_at: datetime
    state: State = "open"
    changed_at: datetime | None = None
    by: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class HeldBytes:
    """What the quarantine keeps of a record's bytes; `altered` when they were masked or cut."""

    raw: bytes
    altered: bool


@dataclass(frozen=True, slots=True)
class Step:
    """What happened to a record in quarantine, when, by whom and why."""

    place: Place
    kind: Kind
    at: datetime
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Received:
    """A range of offsets, both ends included, that was stored."""

    first: int
    last: int
    known_at: datetime


@dataclass(frozen=True, slots=True)
class Span:
    """Offsets of one partition, both ends included."""

    topic: str
    partition: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Earlier:
    """What became of a batch's records when they came before: those refused, and the ranges received."""

    refused: Sequence[Held] = ()
    received: Sequence[Received] = ()

    def of(self, offsets: Collection[int]) -> Earlier:
        """Only what concerns these records: a replay's batch has gaps, and what is in them is not its own."""
        return Earlier([held for held in self.refused if held.place.offset in offsets], self.received)

    def accepted(self, refusals: Sequence[Refusal]) -> Sequence[Refusal]:
        """Of the records that are refused now those that are in the facts: received before, and not refused then.

        A worker of an older version may refuse them. A record that was published after its place was received is
        another one, on a broker that was set up anew.
        """
        if not self.received:
            return ()
        before = {held.place.offset for held in self.refused}
        return [
            refusal
            for refusal in refusals
            if refusal.offset not in before
            and any(
                received.first <= refusal.offset <= received.last and refusal.kafka_time <= received.known_at
                for received in self.received
            )
        ]

    def mended(self, refused_now: Collection[int]) -> tuple[int, ...]:
        """The records that were refused and no longer are."""
        return tuple(
            held.place.offset
            for held in self.refused
            if held.state != "accepted" and held.place.offset not in refused_now
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records are asked for; None for any. `since` and `until` (excluded) are by Kafka's time, which no
    replay moves."""

    state: State | None = "open"
    agency: str | None = None
    reason: str | None = None
    topic: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    places: tuple[Place, ...] = ()
    limit: int = 1_000_000

    @property
    def is_everything(self) -> bool:
        """True when nothing but the state narrows it down."""
        narrow = (self.agency, self.reason, self.topic, self.since, self.until)
        return not self.places and all(each is None for each in narrow)
