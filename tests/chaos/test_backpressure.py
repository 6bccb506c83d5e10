"""ClickHouse away for longer than every time-out of the group: memory stays bounded, and the group keeps its member."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from bench.registrations import encoded_registrations, registration_contract
from sinks.clickhouse.bookkeeping import Bookkeeping, Books
from sinks.clickhouse.database import Database
from tests.chaos.stage import GROUP, Stage, stage
from tests.parts.deadlines import wait_until
from tests.worker_process import Worker

#: `BEWITHU_TEST_BACKLOG=2000000` makes it the real thing.
EVENTS = int(os.environ.get("BEWITHU_TEST_BACKLOG", "150000"))
#: What a worker may hold beyond what it holds when idle: with 300 000 events waiting it held 186, with 1 000 000 227.
MOST_GROWTH_MIB = 350
MOST_MIB = 1536
SESSION_SECONDS = 6
MAX_POLL_SECONDS = 8
#: Longer than both.
AWAY_SECONDS = 14


@dataclass(frozen=True, slots=True)
class Membership:
    """What the group's coordinator says: the same member for as long as nothing was rebalanced."""

    state: str
    members: Sequence[str]


def membership(bootstrap: str) -> Membership:
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    (described,) = admin.describe_consumer_groups([GROUP], request_timeout=10).values()
    found = described.result()
    return Membership(found.state.name, sorted(member.member_id for member in found.members))


class Peak:
    """The most memory that a worker held while the context lasted."""

    def __init__(self, worker: Worker) -> None:
        self.mib = 0.0
        self._worker = worker
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._sample, name="peak", daemon=True)

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join(10)

    def _sample(self) -> None:
        while not self._ending.wait(0.05):
            self.mib = max(self.mib, rss_mib(self._worker))


def rss_mib(worker: Worker) -> float:
    return float(psutil.Process(worker.process.pid).memory_info().rss / (1 << 20))


def publish(made: Stage, count: int) -> None:
    topic = registration_contract().topic
    prefix = b"\0" + made.schema_ids()[topic].to_bytes(4, "big")
    producer = Producer(
        {"bootstrap.servers": made.kafka.bootstrap_servers, "linger.ms": 50, "log_level": 0,
         "queue.buffering.max.messages": count + 1}
    )  # fmt: skip
    for event in encoded_registrations(count):
        producer.produce(topic, prefix + event.datum, event.key)
        producer.poll(0)
    assert producer.flush(120) == 0


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path / "stage", seed=0) as found:
        found.settings["BEWITHU_KAFKA__SESSION_TIMEOUT_SECONDS"] = str(SESSION_SECONDS)
        # Faust reads this one itself; its default is 1000.
        found.settings["BROKER_MAX_POLL_INTERVAL"] = str(MAX_POLL_SECONDS)
        found.settings["BEWITHU_CLICKHOUSE__TIMEOUT_SECONDS"] = "60"
        yield found


@pytest.mark.timeout(900)
def test_a_backlog_waits_in_kafka_while_the_store_is_away_and_drains_when_it_is_back(made: Stage) -> None:
    worker = made.start_worker()
    worker.wait_until_ready()
    bootstrap = made.kafka.bootstrap_servers
    wait_until(lambda: membership(bootstrap).state == "STABLE", 30, "the group to be stable", every=0.3)
    before, idle = membership(bootstrap), rss_mib(worker)

    with Peak(worker) as peak:
        made.proxy.go_away()
        publish(made, EVENTS)
        worker.wait_until_it_names("ClickHouse")
        threading.Event().wait(AWAY_SECONDS)
        away = membership(bootstrap)
        books = drain(made)
    print(f"idle {idle:.0f} MiB, peak {peak.mib:.0f} MiB with {EVENTS} events waiting")

    assert books == Books(published=EVENTS, accepted=EVENTS, quarantined=0, duplicates=0)
    assert away == before, "the group was rebalanced while the store was away"
    assert membership(bootstrap) == before, "the group was rebalanced when the store came back"
    assert peak.mib < MOST_MIB
    assert peak.mib - idle < MOST_GROWTH_MIB


def drain(made: Stage) -> Books:
    """ClickHouse comes back, slowly at first; returns when all is stored."""
    made.proxy.slow = 1.0
    made.proxy.start()
    with closing(Database.at(made.database_url)) as database:
        stored = "SELECT sum(last_offset - first_offset + 1) FROM batches"
        wait_until(lambda: database.value(stored), 60, "the first batch of the backlog")
        made.proxy.slow = 0.0
        wait_until(
            lambda: database.value(stored) >= EVENTS, 60 + EVENTS / 5_000, "the backlog to drain", every=0.2
        )
        return Bookkeeping(database).books()
