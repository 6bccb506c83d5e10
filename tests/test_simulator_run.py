"""Publishing a simulation: paced by a clock, stopped at will, nothing undelivered unnoticed."""

from __future__ import annotations

import io
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import fastavro
import pytest

from bewithu.clock import ReplayClock
from bewithu.errors import Unavailable
from bewithu.simulator import (
    Damage,
    Progress,
    Publication,
    run,
    simulate,
)
from schemas.contracts import parsed_schema
from tests.test_simulator import SMALL, small
from tests.test_simulator_faults import reads_whole


@dataclass
class Recorder:
    """A publisher that keeps what it was given and acknowledges it on flush, all but `lost` messages."""

    lost: int = 0
    delivered: int = 0
    after_send: Callable[[int], None] = lambda count: None
    sent: list[tuple[str, bytes | None, bytes | None, datetime, str]] = field(default_factory=list)

    def encode(self, topic: str, event: Mapping[str, Any]) -> bytes:
        buffer = io.BytesIO()
        fastavro.schemaless_writer(buffer, parsed_schema(topic), event)
        return b"\0\0\0\0\7" + buffer.getvalue()

    def send(
        self, topic: str, key: bytes | None, value: bytes | None, published_at: datetime, agency: str
    ) -> None:
        self.sent.append((topic, key, value, published_at, agency))
        self.after_send(len(self.sent))

    def flush(self, seconds: float) -> None:
        self.delivered = len(self.sent) - self.lost


class StillClock:
    """Shows one moment until it is set."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


def unpaced(publications: Iterable[Publication], publisher: Recorder) -> Progress:
    return run(publications, publisher, None, threading.Event())


def test_without_a_clock_everything_is_published_and_counted() -> None:
    publisher = Recorder()
    done = unpaced(small(), publisher)
    assert done.published == done.delivered == len(small()) == len(publisher.sent)
    assert done.by_topic == Counter(entry.topic for entry in small())
    assert done.damaged == Counter(entry.damage for entry in small() if entry.damage)
    assert done.last_published_at == small()[-1].published_at
    for (topic, key, _, published_at, agency), entry in zip(publisher.sent, small(), strict=True):
        assert (topic, published_at) == (entry.topic, entry.published_at)
        assert (key, agency) == (
            (entry.event["person"] or entry.event["event_id"]).encode(),
            entry.event["agency"],
        )


def test_damage_to_bytes_is_done_on_the_way_out() -> None:
    plan = replace(SMALL, malformed=0.2, damages=(Damage.TRUNCATED,), until=date(2022, 4, 1))
    publications, publisher = list(simulate(plan)), Recorder()
    unpaced(publications, publisher)
    for entry, (_, _, value, _, _) in zip(publications, publisher.sent, strict=True):
        assert value is not None
        assert reads_whole(entry.topic, value) is (entry.damage is None)


def test_messages_that_were_never_acknowledged_are_an_error() -> None:
    with pytest.raises(Unavailable, match="2 of 100 messages"):
        unpaced(small()[:100], Recorder(lost=2))


def test_a_publication_waits_for_its_time_on_the_clock() -> None:
    due, later = small()[10], small()[2_000]
    clock, stop, publisher = StillClock(due.published_at), threading.Event(), Recorder()
    reported: list[Progress] = []

    def on_progress(progress: Progress) -> None:
        reported.append(progress)
        if progress.published == 1:
            clock.moment = later.published_at

    done = run([due, later], publisher, clock, stop, on_progress)
    assert reported[0].published == 1, "reported while the second one was waited for"
    assert done.published == 2
    assert done == reported[-1]


def test_a_replay_at_a_chosen_speed_takes_its_time() -> None:
    publications = list(small()[:200])
    span = publications[-1].published_at - publications[0].published_at
    clock = ReplayClock.starting_now(publications[0].published_at, span.total_seconds() / 0.5)
    started = time.monotonic()
    done = run(publications, Recorder(), clock, threading.Event())
    assert time.monotonic() - started >= 0.5
    assert done.published == 200


def test_a_stop_ends_the_wait_and_what_was_sent_is_still_delivered() -> None:
    stop, publisher = threading.Event(), Recorder()
    clock = StillClock(small()[99].published_at)
    publisher.after_send = lambda count: stop.set() if count == 50 else None
    done = run(small(), publisher, clock, stop)
    assert done.published == done.delivered == 50

    stop.clear()
    publisher = Recorder()
    threading.Timer(0.1, stop.set).start()
    done = run(small(), publisher, clock, stop)  # from the hundredth on, the clock never gets there
    assert done.published == done.delivered == 100
