"""Publishes a simulation at the pace of a clock, through the publisher that agencies use."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from bewithu.clock import Clock
from bewithu.errors import Unavailable
from bewithu.simulator.chance import stream_of
from bewithu.simulator.damage import damaged
from bewithu.simulator.publication import Damage, Publication

# Seconds. A clock may run at any speed, so it is read again after a tick and not once the time is believed to
# be up.
_TICK = 0.05
_BETWEEN_REPORTS = 0.2


class Publisher(Protocol):
    """What agencies publish with."""

    @property
    def delivered(self) -> int:
        """Messages that the broker has acknowledged."""

    def encode(self, topic: str, event: Mapping[str, Any]) -> bytes:
        """The event in the wire format of the topic's schema."""

    def send(
        self, topic: str, key: bytes | None, value: bytes | None, published_at: datetime, agency: str
    ) -> None:
        """Hands a message over; it may be delivered later."""

    def flush(self, seconds: float) -> None:
        """Waits until all is delivered; raises when something stays undelivered after `seconds`."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What was published so far. `delivered` counts this run's acknowledged messages."""

    published: int
    delivered: int
    by_topic: Mapping[str, int]
    damaged: Mapping[Damage, int]
    last_published_at: datetime | None


def run(
    publications: Iterable[Publication],
    publisher: Publisher,
    clock: Clock | None,
    stop: threading.Event,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    flush_seconds: float = 30.0,
) -> Progress:
    """Publishes each publication once `clock` shows its `published_at`, at once if behind or without a clock.

    Ends after the last one or when `stop` is set, then waits for delivery. Calls `on_progress` a few times a
    second and at the end. Raises what `publisher` raises, and `Unavailable` when the broker has not
    acknowledged as many messages as were sent.
    """
    tally = _Tally(publisher, on_progress)
    for publication in publications:
        if clock is not None:
            _wait_for(publication.published_at, clock, stop, tally)
        if stop.is_set():
            break
        _publish(publication, publisher)
        tally.count(publication)
    publisher.flush(flush_seconds)
    done = tally.report()
    if done.delivered < done.published:
        lost = f"{done.published - done.delivered} of {done.published} messages"
        raise Unavailable("the broker", f"{lost} were never acknowledged; publish again, doubles do no harm")
    return done


def _publish(publication: Publication, publisher: Publisher) -> None:
    event, damage = publication.event, publication.damage
    value = publisher.encode(publication.topic, event)
    if damage is not None and damage.hits_bytes:
        value = damaged(value, damage, stream_of(event["event_id"]))
    key = str(event["person"] or event["event_id"]).encode()
    publisher.send(publication.topic, key, value, publication.published_at, event["agency"])


def _wait_for(moment: datetime, clock: Clock, stop: threading.Event, tally: _Tally) -> None:
    while clock.now() < moment and not stop.wait(_TICK):
        tally.report_if_due()


class _Tally:
    """Counts, and reports every so often."""

    def __init__(self, publisher: Publisher, on_progress: Callable[[Progress], None]) -> None:
        self._publisher = publisher
        self._on_progress = on_progress
        self._acknowledged_before = publisher.delivered
        self._by_topic: Counter[str] = Counter()
        self._damaged: Counter[Damage] = Counter()
        self._last: datetime | None = None
        self._reported = time.monotonic()

    def count(self, publication: Publication) -> None:
        self._by_topic[publication.topic] += 1
        self._last = publication.published_at
        if publication.damage is not None:
            self._damaged[publication.damage] += 1
        self.report_if_due()

    def report_if_due(self) -> None:
        if time.monotonic() - self._reported >= _BETWEEN_REPORTS:
            self.report()

    def report(self) -> Progress:
        self._reported = time.monotonic()
        progress = Progress(
            published=self._by_topic.total(),
            delivered=self._publisher.delivered - self._acknowledged_before,
            by_topic=dict(self._by_topic),
            damaged=dict(self._damaged),
            last_published_at=self._last,
        )
        self._on_progress(progress)
        return progress
