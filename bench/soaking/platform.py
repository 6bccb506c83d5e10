"""The whole platform on real parts: Apache Kafka, a registry, a mail server, ClickHouse, and a worker."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from bench.errors import PartMissing
from bench.parts import PART_IS_MISSING
from bewithu import settings
from schemas.contracts import contracts
from streams.publisher import Publisher
from streams.registry import SchemaRegistry as RegistryClient
from tests.parts.clickhouse import ClickHouse
from tests.parts.kafka import ApacheKafka
from tests.parts.processes import free_port, running, start_process
from tests.parts.registry import SchemaRegistry
from tests.parts.smtp import SmtpServer
from tests.worker_process import Worker

GROUP = "bewithu-soak"
PARTITIONS = 2
#: Kafka keeps no less of a partition than the busiest topic gets in a quarter of an hour: a quarter of all events.
_KEPT_BYTES_A_RATE, _LEAST_KEPT_BYTES = 17_000, 2 << 20
_RETENTION = """
log.segment.bytes=1048576
log.retention.bytes={kept}
log.retention.check.interval.ms=20000
log.segment.delete.delay.ms=5000
offsets.topic.segment.bytes=1048576
"""
#: Fires for each false alarm (see `load`), and is over when it is taken back. The shipped rules stand beside it.
_RULE = """
id: soak_false_arrivals
indicator: arrivals_emergency_housing_7d
level: municipality
condition: {above: 20}
for: 0s
severity: warning
provisional: true
summary: {nl: Aankomsten, fr: Arrivées, de: Ankünfte, en: Arrivals}
action: {nl: Bel, fr: Appelez, de: Anrufen, en: Call}
"""


class CountingSmtpServer(SmtpServer):
    """Remembers of each mail only to whom it went and its Message-ID, as a number."""

    def __init__(self) -> None:
        super().__init__()
        self._told = Counter[int]()

    def keep(self, envelope: Any) -> None:
        name = next(line for line in envelope.content.splitlines() if line.lower().startswith(b"message-id:"))
        self._told.update(hash((name, recipient)) for recipient in envelope.rcpt_tos)

    @property
    def count(self) -> int:
        """Mails by recipient."""
        return self._told.total()

    @property
    def twice(self) -> int:
        return sum(count - 1 for count in self._told.values())


@dataclass(frozen=True, slots=True)
class Platform:
    """A worker that is ready, and what is around it. `server`: None where the worker has ClickHouse in itself."""

    folder: Path
    kafka: ApacheKafka
    registry: SchemaRegistry
    mail: CountingSmtpServer
    server: ClickHouse | None
    worker: Worker

    @property
    def store(self) -> Path:
        return self.server.data if self.server else _store(self.folder)

    @property
    def store_url(self) -> str:
        return _store_url(self.folder, self.server)

    @contextmanager
    def publisher(self) -> Iterator[Publisher]:
        """What agencies publish with."""
        registry = RegistryClient(settings.Registry(url=self.registry.url))
        kafka = settings.Kafka(bootstrap_servers=self.kafka.bootstrap_servers)
        with closing(Publisher(kafka, registry)) as publisher:
            yield publisher

    def uncommitted(self) -> int:
        """Records that Kafka has behind the group's committed offsets."""
        options = {"bootstrap.servers": self.kafka.bootstrap_servers, "group.id": GROUP, "log_level": 0}
        places = [TopicPartition(topic, number) for topic in contracts() for number in range(PARTITIONS)]
        with closing(Consumer({**options, "enable.auto.commit": False})) as consumer:
            left = 0
            for place in consumer.committed(places, timeout=10):
                _, end = consumer.get_watermark_offsets(place, timeout=10)
                left += end - max(0, place.offset)
        return left


@contextmanager
def soaked_platform(folder: Path, rate: float, embedded: bool) -> Iterator[Platform]:
    """Everything runs, and at the end everything is stopped. Raises `PartMissing` without Apache Kafka.

    An `embedded` ClickHouse runs in the worker, as in the demo; else it is a process of its own, as in production.
    """
    with ExitStack() as parts:
        registry, mail = SchemaRegistry(), CountingSmtpServer()
        registry.start()
        parts.enter_context(running(registry))
        mail.start()
        parts.enter_context(running(mail))
        kafka = parts.enter_context(running(_broker(folder / "kafka", rate)))
        server = None if embedded else parts.enter_context(running(ClickHouse.start(_store(folder))))
        worker = _worker(folder, kafka, registry, mail, _store_url(folder, server))
        parts.enter_context(running(worker))
        worker.wait_until_ready()
        yield Platform(folder, kafka, registry, mail, server, worker)


def _store(folder: Path) -> Path:
    return folder / "clickhouse"


def _store_url(folder: Path, server: ClickHouse | None) -> str:
    return f"http://{server.host}:{server.port}/default" if server else f"chdb://{_store(folder)}"


def _broker(folder: Path, rate: float) -> ApacheKafka:
    kept = max(_LEAST_KEPT_BYTES, round(rate * _KEPT_BYTES_A_RATE))
    try:
        return ApacheKafka.start(folder, _RETENTION.format(kept=kept))
    except PART_IS_MISSING as missing:
        raise PartMissing(f"the embedded broker keeps everything in memory: {missing}") from missing


def _worker(
    folder: Path, kafka: ApacheKafka, registry: SchemaRegistry, mail: SmtpServer, store: str
) -> Worker:
    """With the shipped indicators, rules and address book, and one rule more."""
    rules = folder / "rules"
    rules.mkdir()
    for entry in files("alerts.rules").iterdir():
        if entry.name.endswith(".yaml"):
            (rules / entry.name).write_text(entry.read_text("utf-8"), "utf-8")
    (rules / "soak_false_arrivals.yaml").write_text(_RULE, "utf-8")
    port = free_port()
    environment = {
        "BEWITHU_KAFKA__BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "BEWITHU_KAFKA__GROUP": GROUP,
        "BEWITHU_KAFKA__PARTITIONS": str(PARTITIONS),
        "BEWITHU_REGISTRY__URL": registry.url,
        "BEWITHU_CLICKHOUSE__URL": store,
        "BEWITHU_SMTP__PORT": str(mail.port),
        "BEWITHU_HTTP__PORT": str(port),
        "BEWITHU_RULES": str(rules),
    }
    command = [sys.executable, "-m", "bewithu", "worker"]
    return Worker(start_process(command, folder / "worker.log", folder=folder, environment=environment), port)
