"""Readiness tells the truth: ready is who can do its work, live whom a restart would not help."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bewithu.fitting.pulse import (
    HOPELESS_SECONDS,
    REBALANCE_SECONDS,
    SILENT_SECONDS,
    STORING_SECONDS,
    Pulse,
    Seen,
    judged,
)
from tests.parts.deadlines import wait_until
from tests.parts.processes import running
from tests.worker_process import Stage, Worker, stage

NOW = 10_000.0
WELL = Seen(
    pulse=Pulse(partitions=4, heard_at=NOW), now=NOW, started=True, waiting_for="", stopping=False, crashed=False,
    leads=True, away="", trouble="", storing_since=None, behind=0,
)  # fmt: skip


def silent(seconds: float, answers: bool) -> Seen:
    return replace(WELL, pulse=Pulse(4, heard_at=NOW - seconds, broker_answers=answers))


def rebalancing(seconds: float) -> Seen:
    return replace(WELL, pulse=Pulse(4, NOW - seconds, heard_at=NOW))


CASES = {
    "well": (WELL, True, ""),
    "rightly without partitions": (replace(WELL, pulse=Pulse(0, heard_at=NOW), leads=False), True, ""),
    "waits for a part": (replace(WELL, started=False, waiting_for="Kafka"), True, "waits for Kafka"),
    "no place in the group": (replace(WELL, pulse=Pulse()), True, "waits for its place in the consumer group"),
    "ending": (replace(WELL, stopping=True), True, "it was told to end"),
    "store away": (replace(WELL, away="ClickHouse is away: x"), True, "ClickHouse is away: x"),
    "the leader's trouble": (replace(WELL, trouble="mails wait"), True, "mails wait"),
    "an old trouble of who leads no more": (replace(WELL, leads=False, trouble="mails wait"), True, ""),
    "store away from who does not lead": (
        replace(WELL, leads=False, pulse=Pulse(4, heard_at=NOW, store_trouble="ClickHouse is away: x")), True,
        "ClickHouse is away: x",
    ),
    "silent for a moment": (silent(SILENT_SECONDS - 1, True), True, ""),
    "Kafka away": (silent(SILENT_SECONDS, False), True, "nothing was heard from Kafka for 30 s and more"),
    "Kafka away for long": (silent(9_000, False), True, "nothing was heard from Kafka for 30 s and more"),
    "a deaf consumer": (
        silent(SILENT_SECONDS, True), True, "its consumer has heard nothing for 30 s and more, though Kafka answers"
    ),
    "a consumer that stays deaf": (
        silent(HOPELESS_SECONDS, True), False, "the consumer takes nothing any more, though Kafka answers"
    ),
    "a rebalance": (rebalancing(REBALANCE_SECONDS - 1), True, ""),
    "a long rebalance": (
        rebalancing(REBALANCE_SECONDS), True, "the consumer group has not shared its partitions out for 90 s and more"
    ),
    "a rebalance without end": (
        rebalancing(HOPELESS_SECONDS), False, "the consumer came to no end of a rebalance, though Kafka answers"
    ),
    "a long insert": (
        replace(WELL, storing_since=NOW - STORING_SECONDS), True,
        "the store has not answered an insert for 120 s and more",
    ),
    "an insert": (replace(WELL, storing_since=NOW - 5), True, ""),
    "crashed": (replace(WELL, crashed=True), False, "the consumer crashed"),
}  # fmt: skip


@pytest.mark.parametrize(("seen", "live", "reason"), CASES.values(), ids=CASES.keys())
def test_each_state_has_its_answer_and_its_reason(seen: Seen, live: bool, reason: str) -> None:
    found = judged(seen)
    assert (found.live, found.ready) == (live, not reason)
    assert found.reasons[: 1 if reason else 0] == ((reason,) if reason else ())
    assert bool(found.reasons) == bool(reason)
    assert bool(found.hopeless) == (not live)


def test_who_is_behind_is_ready_and_says_so() -> None:
    found = judged(replace(WELL, behind=250_000))
    assert found.ready
    assert found.state == {"partitions": 4, "leads": True, "behind": 250_000, "catching_up": True}


class Heard:
    def __init__(self, ago: float | None) -> None:
        self.ago = ago

    def heard_seconds_ago(self) -> float | None:
        return self.ago


def test_silence_counts_only_while_something_should_be_heard() -> None:
    pulse, never = Pulse(), Heard(None)
    pulse.look(never, None, rebalancing=False, busy=False, now=100)
    assert pulse.silent(200) == 100
    pulse.look(never, 4, rebalancing=False, busy=False, now=200)
    assert pulse.silent(200) == 100, "nobody answered yet"
    pulse.look(Heard(90), 4, rebalancing=False, busy=True, now=300)
    assert pulse.silent(300) == 0, "what waits for the store is not fetched"
    pulse.look(Heard(5), 4, rebalancing=False, busy=False, now=310)
    pulse.look(Heard(95), 4, rebalancing=False, busy=False, now=400)
    assert pulse.silent(400) == 95, "since Kafka answered last"
    pulse.look(Heard(500), 0, rebalancing=False, busy=False, now=800)
    assert pulse.silent(800) == 0, "nobody has to hear anything without partitions"
    pulse.look(Heard(0), 4, rebalancing=True, busy=False, now=810)
    pulse.look(Heard(0), 4, rebalancing=True, busy=False, now=850)
    assert pulse.rebalances_for(900) == 90
    pulse.look(Heard(0), 4, rebalancing=False, busy=False, now=901)
    assert pulse.rebalances_for(902) == 0


#: A worker that loses patience soon, and whose consumer is made deaf by a signal: its fetching ends, nothing else.
IMPATIENT = """
import gc, signal
from aiokafka.consumer.fetcher import Fetcher
from bewithu import cli
from bewithu.fitting import pulse, worker

pulse.SILENT_SECONDS, pulse.HOPELESS_SECONDS, worker._PROBE_SECONDS = 2.0, 6.0, 0.5

def deafen(*_):
    for each in gc.get_objects():
        if isinstance(each, Fetcher):
            each._client._loop.call_soon_threadsafe(each._fetch_task.cancel)

signal.signal(signal.SIGUSR1, deafen)
cli.main()
"""


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path) as found:
        yield found


def test_a_worker_tells_kafka_that_is_silent_from_a_consumer_that_is_deaf(parts: Stage) -> None:
    with running(parts.worker(command=[sys.executable, "-c", IMPATIENT, "worker"])) as worker:
        worker.wait_until_ready()
        told = worker.ask("/health/ready")[1]
        assert (told["leads"], told["behind"], told["catching_up"]) == (True, 0, False)
        assert told["partitions"] > 0

        parts.kafka.process.popen.send_signal(signal.SIGSTOP)
        try:
            # Asked by a worker that loses patience after 6 s: a restart would not bring Kafka back.
            worker.wait_until_it_names("nothing was heard from Kafka")
        finally:
            parts.kafka.process.popen.send_signal(signal.SIGCONT)
        worker.wait_until_ready()

        worker.process.popen.send_signal(signal.SIGUSR1)
        wait_until(lambda: worker.ask("/health/live")[0] == 503, 30, "the worker to ask for a restart")
        reasons = worker.ask("/health/live")[1]["reasons"]
        assert reasons == ["the consumer takes nothing any more, though Kafka answers"]
        assert worker.ask("/health/ready")[0] == 503


def test_a_worker_that_does_not_lead_knows_that_the_store_is_away(parts: Stage) -> None:
    def leads(worker: Worker) -> bool:
        return bool(worker.ask("/health/ready")[1].get("leads"))

    with running(parts.worker()) as one, running(parts.worker()) as other:
        for each in (one, other):
            each.wait_until_ready()
        wait_until(lambda: leads(one) != leads(other), 30, "one of both to lead")
        parts.clickhouse.stop()
        for each in (one, other):
            each.wait_until_it_names("ClickHouse")
        parts.clickhouse.restart()
        for each in (one, other):
            each.wait_until_ready()
