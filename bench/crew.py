"""Real `bewithu worker` processes that share one ClickHouse over HTTP, held still until all of the work is there."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from bench.errors import ContenderError
from sinks.clickhouse.bookkeeping import Bookkeeping
from sinks.clickhouse.database import Database
from tests.chaos.faults import FaultProxy
from tests.chaos.stage import Stage, write_definitions
from tests.parts.clickhouse import ClickHouse
from tests.parts.deadlines import wait_until
from tests.parts.kafka import ApacheKafka
from tests.parts.processes import running
from tests.parts.registry import SchemaRegistry
from tests.parts.smtp import SmtpServer

# Longer than publishing takes, during which the workers stand still and send no heartbeat.
SESSION_SECONDS = 80


@dataclass(frozen=True, slots=True)
class Crew:
    """Workers that belong to one group and have their partitions."""

    stage: Stage
    group: str

    def hold(self) -> None:
        self._signal(signal.SIGSTOP)

    def go(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        for worker in self.stage.workers:
            worker.process.popen.send_signal(number)

    def cpu_seconds(self) -> Mapping[str, float]:
        """User and system time so far, by part."""
        return {
            "workers": sum(_cpu(worker.process.pid) for worker in self.stage.workers),
            "clickhouse": _cpu(self.stage.clickhouse.process.pid),
            "broker": _cpu(self.stage.kafka.process.pid),
        }

    def wait_until_stored(self, events: int, seconds: float) -> None:
        with closing(Database.at(self.stage.database_url)) as database:
            stored = "SELECT sum(last_offset - first_offset + 1) FROM batches"
            wait_until(
                lambda: database.value(stored) >= events, seconds, f"{events} events stored", every=0.1
            )

    def check(self, events: int) -> None:
        """Raises `ContenderError` unless every event is in the facts once."""
        with closing(Database.at(self.stage.database_url)) as database:
            books = Bookkeeping(database).books()
        if (books.accepted, books.quarantined) != (events, 0):
            raise ContenderError(f"{books}, expected {events} accepted")


@contextmanager
def crew(
    folder: Path, kafka: ApacheKafka, registry: SchemaRegistry, topic: str, count: int
) -> Iterator[Crew]:
    """`count` workers in a group of their own, which begins at the topic's end, with an empty ClickHouse."""
    write_definitions(folder)
    group = f"bewithu-{count}"
    _begin_at_the_end(kafka.bootstrap_servers, group, topic)
    mail = SmtpServer()
    with running(ClickHouse.start(folder / "clickhouse")) as clickhouse:
        # Not started: the workers talk to ClickHouse itself.
        proxy = FaultProxy(clickhouse.port, 0, 0)
        mail.start()
        with running(mail), running(proxy):
            made = Stage(folder, kafka, clickhouse, proxy, registry, mail)
            made.settings |= {
                "BEWITHU_CLICKHOUSE__URL": made.database_url,
                "BEWITHU_CLICKHOUSE__TIMEOUT_SECONDS": "300",
                "BEWITHU_KAFKA__GROUP": group,
                "BEWITHU_KAFKA__PARTITIONS": str(_partitions(kafka.bootstrap_servers, topic)),
                "BEWITHU_KAFKA__SESSION_TIMEOUT_SECONDS": str(SESSION_SECONDS),
            }
            with running(made):
                for _ in range(count):
                    made.start_worker()
                made.wait_until_ready()
                wait_until(
                    lambda: _members(kafka.bootstrap_servers, group, topic) == count,
                    60,
                    f"{count} workers to share the partitions",
                    every=0.3,
                )
                yield Crew(made, group)


def _begin_at_the_end(bootstrap: str, group: str, topic: str) -> None:
    """Commits the topic's end for a group that has no member yet."""
    settings = {"bootstrap.servers": bootstrap, "group.id": group, "enable.auto.commit": False}
    with closing(Consumer(settings)) as consumer:
        places = [TopicPartition(topic, number) for number in range(_partitions(bootstrap, topic))]
        ends = [consumer.get_watermark_offsets(place, timeout=10)[1] for place in places]
        consumer.commit(
            offsets=[
                TopicPartition(topic, place.partition, end) for place, end in zip(places, ends, strict=True)
            ],
            asynchronous=False,
        )


def _partitions(bootstrap: str, topic: str) -> int:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    return len(admin.list_topics(topic, timeout=10).topics[topic].partitions)


def _members(bootstrap: str, group: str, topic: str) -> int:
    """Members of the group that have partitions of the topic, once every partition has one."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    try:
        (described,) = admin.describe_consumer_groups([group], request_timeout=5).values()
        members = described.result().members
    except KafkaException:
        return 0
    shares: Sequence[int] = [
        sum(place.topic == topic for place in member.assignment.topic_partitions) for member in members
    ]
    if sum(shares) < _partitions(bootstrap, topic):
        return 0
    return sum(share > 0 for share in shares)


def _cpu(pid: int) -> float:
    used = psutil.Process(pid).cpu_times()
    return float(used.user + used.system)
