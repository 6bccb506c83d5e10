"""The platform under fire: Apache Kafka, ClickHouse behind a fault proxy, and any number of workers."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from schemas.contracts import contracts
from tests.chaos.faults import FaultProxy
from tests.e2e.platform import COORDINATORS, RULE
from tests.parts.clickhouse import ClickHouse
from tests.parts.kafka import ApacheKafka
from tests.parts.processes import free_port, running, start_process
from tests.parts.registry import SchemaRegistry
from tests.parts.smtp import SmtpServer
from tests.worker_process import Worker

GROUP = "bewithu"
PARTITIONS = 4
#: A client gives up on ClickHouse after the first, and the proxy's late answers take the second.
TIMEOUT_SECONDS, LATE_SECONDS = 4, 5.0


@dataclass(slots=True)
class Stage:
    """The parts, each on a port that stays its own, and the workers that run now."""

    folder: Path
    kafka: ApacheKafka
    clickhouse: ClickHouse
    proxy: FaultProxy
    registry: SchemaRegistry
    mail: SmtpServer
    workers: list[Worker] = field(default_factory=list)
    started: int = 0
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def database_url(self) -> str:
        """ClickHouse itself, past the proxy."""
        return f"http://127.0.0.1:{self.clickhouse.port}/default"

    def environment(self) -> Mapping[str, str]:
        return {
            "BEWITHU_KAFKA__BOOTSTRAP_SERVERS": self.kafka.bootstrap_servers,
            "BEWITHU_KAFKA__GROUP": GROUP,
            "BEWITHU_KAFKA__SESSION_TIMEOUT_SECONDS": "6",
            "BEWITHU_KAFKA__PARTITIONS": str(PARTITIONS),
            "BEWITHU_REGISTRY__URL": self.registry.url,
            "BEWITHU_CLICKHOUSE__URL": f"http://127.0.0.1:{self.proxy.port}/default",
            "BEWITHU_CLICKHOUSE__TIMEOUT_SECONDS": str(TIMEOUT_SECONDS),
            "BEWITHU_SMTP__PORT": str(self.mail.port),
            "BEWITHU_RULES": str(self.folder / "rules"),
            "BEWITHU_ADDRESS_BOOK": str(self.folder / "coordinators.yaml"),
            **self.settings,
        }

    def start_worker(self) -> Worker:
        """A worker that has just been started and may not be ready yet."""
        self.started += 1
        port = free_port()
        log = self.folder / f"worker-{self.started}.log"
        command = [sys.executable, "-m", "bewithu", "--verbose", "worker"]
        environment = {**self.environment(), "BEWITHU_HTTP__PORT": str(port)}
        worker = Worker(start_process(command, log, folder=self.folder, environment=environment), port)
        self.workers.append(worker)
        return worker

    def restart_ended_workers(self) -> int:
        """What a supervisor does: starts a worker for each that ended by itself. Returns how many."""
        ended = [worker for worker in self.workers if not worker.process.alive]
        for worker in ended:
            worker.process.kill()  # reaps it
            self.workers.remove(worker)
            self.start_worker()
        return len(ended)

    def wait_until_ready(self) -> None:
        """Until every worker that runs says so."""
        for worker in self.workers:
            worker.wait_until_ready()

    def schema_ids(self) -> Mapping[str, int]:
        """The id of each topic's schema, once a worker registered them."""
        content = self.registry.content
        return {
            topic: content.register(contract.subject, contract.schema_text).id
            for topic, contract in contracts().items()
        }

    def stop(self) -> None:
        for worker in self.workers:
            worker.stop()


def write_definitions(folder: Path) -> None:
    """One rule and the address book, where `Stage.environment` leads the workers to."""
    (folder / "rules").mkdir(parents=True)
    (folder / "rules" / "rule.yaml").write_text(RULE)
    (folder / "coordinators.yaml").write_text(COORDINATORS)


@contextmanager
def stage(folder: Path, seed: int, backups: Path | None = None) -> Iterator[Stage]:
    """Everything runs except workers; at the end everything is stopped. Needs Apache Kafka.

    With a folder for `backups`, ClickHouse has a disk of that name.
    """
    write_definitions(folder)
    registry, mail = SchemaRegistry(), SmtpServer()
    with ExitStack() as parts:
        kafka = parts.enter_context(running(ApacheKafka.start(folder / "kafka")))
        clickhouse = parts.enter_context(running(ClickHouse.start(folder / "clickhouse", backups=backups)))
        proxy = FaultProxy(clickhouse.port, seed, LATE_SECONDS)
        for server in (registry, mail, proxy):
            server.start()
            parts.enter_context(running(server))
        made = Stage(folder, kafka, clickhouse, proxy, registry, mail)
        yield parts.enter_context(running(made))


def wait_for_workers(made: Stage, count: int) -> None:
    """`count` workers that are ready, so that topics, tables and schemas are there."""
    for _ in range(count):
        made.start_worker()
    made.wait_until_ready()
