"""A running platform for end-to-end tests: a worker process, and everything around it on real parts."""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from bewithu.settings import ClickHouse as ClickHouseSettings
from bewithu.settings import Kafka, Registry
from sinks.clickhouse.bookkeeping import Bookkeeping, Books
from sinks.clickhouse.database import Database
from streams.publisher import Publisher
from streams.registry import SchemaRegistry as RegistryClient
from tests.parts.clickhouse import ClickHouse
from tests.parts.deadlines import wait_until
from tests.parts.processes import Process, free_port, start_process
from tests.parts.registry import SchemaRegistry
from tests.parts.smtp import SmtpServer

COORDINATORS = """
contact: address-book@example.invalid
coordinators:
  - {name: Crisis centre, email: crisis@example.invalid, language: en, areas: [BE]}
  - {name: Cellule wallonne, email: wallonie@example.invalid, language: fr, areas: ["03000"]}
  - {name: Taskforce Vlaanderen, email: vlaanderen@example.invalid, language: nl, areas: ["02000"]}
routing: {group_by: [rule, area], group_wait: 0s}
"""
RULE = """
id: many_registrations
indicator: registrations_7d
level: region
condition: {above: 20}
for: 0s
severity: warning
summary: {nl: Veel attesten, fr: Beaucoup d'attestations, de: Viele Bescheinigungen, en: Many certificates}
action: {nl: Bel, fr: Appelez, de: Anrufen, en: Call}
"""


class Broker(Protocol):
    @property
    def bootstrap_servers(self) -> str: ...


@dataclass
class Platform:
    """Starts and kills workers; publishes as an agency; reads what came of it."""

    folder: Path
    broker: Broker
    registry: SchemaRegistry
    clickhouse: ClickHouse
    mail: SmtpServer
    workers: int = 0
    worker: Process | None = None
    port: int = field(default_factory=free_port)
    rule: str = RULE

    def __post_init__(self) -> None:
        (self.folder / "rules").mkdir()
        (self.folder / "rules" / "rule.yaml").write_text(self.rule)
        (self.folder / "coordinators.yaml").write_text(COORDINATORS)

    @property
    def settings(self) -> Mapping[str, str]:
        return {
            "BEWITHU_KAFKA__BOOTSTRAP_SERVERS": self.broker.bootstrap_servers,
            "BEWITHU_KAFKA__SESSION_TIMEOUT_SECONDS": "6",
            "BEWITHU_KAFKA__PARTITIONS": "2",
            "BEWITHU_REGISTRY__URL": self.registry.url,
            "BEWITHU_CLICKHOUSE__URL": self.clickhouse_url,
            "BEWITHU_SMTP__PORT": str(self.mail.port),
            "BEWITHU_HTTP__PORT": str(self.port),
            "BEWITHU_RULES": str(self.folder / "rules"),
            "BEWITHU_ADDRESS_BOOK": str(self.folder / "coordinators.yaml"),
        }

    @property
    def clickhouse_url(self) -> str:
        return f"http://{self.clickhouse.host}:{self.clickhouse.port}/default"

    @property
    def kafka(self) -> Kafka:
        return Kafka(bootstrap_servers=self.broker.bootstrap_servers)

    @property
    def registry_settings(self) -> Registry:
        return Registry(url=self.registry.url)

    @property
    def store(self) -> ClickHouseSettings:
        return ClickHouseSettings(url=self.clickhouse_url)

    def start_worker(self) -> Process:
        """Returns when the worker says that it is ready."""
        self.workers += 1
        log = self.folder / f"worker-{self.workers}.log"
        command = [sys.executable, "-m", "bewithu", "worker"]
        self.worker = start_process(command, log, environment={**os.environ, **self.settings})
        wait_until(self.is_ready, 60, "the worker to be ready", process=self.worker, log=log)
        return self.worker

    def stop(self) -> None:
        if self.worker is not None:
            self.worker.stop()

    def is_ready(self) -> bool:
        try:
            return bool(self.get("health/ready")["ready"])
        except OSError:
            return False

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{path}", timeout=10) as answer:
            return json.load(answer)

    @contextmanager
    def publisher(self) -> Iterator[Publisher]:
        with closing(Publisher(self.kafka, RegistryClient(self.registry_settings))) as publisher:
            yield publisher

    def books(self) -> Books:
        with closing(Database.of(self.store)) as database:
            return Bookkeeping(database).books()

    def rows(self, statement: str) -> Sequence[Sequence[Any]]:
        with closing(Database.of(self.store)) as database:
            return database.rows(statement)

    def told(self) -> list[tuple[str, str]]:
        """(recipient, Message-ID) of every mail that arrived."""
        return [
            (recipient, str(mail.message["Message-ID"]))
            for mail in self.mail.mails
            for recipient in mail.recipients
        ]


def yesterday_noon() -> datetime:
    """A moment on the last complete day, which is the one that rules look at."""
    return (datetime.now(UTC) - timedelta(days=1)).replace(hour=11, minute=0, second=0, microsecond=0)
