"""`bewithu worker` as a process of its own, with parts that a test starts, kills and starts again."""

from __future__ import annotations

import http.client
import json
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from bewithu.settings import Kafka, Registry
from sinks.clickhouse.bookkeeping import Bookkeeping, Books
from sinks.clickhouse.contract_tables import facts_table
from sinks.clickhouse.database import Database
from streams import registry as streams_registry
from streams.publisher import Publisher
from tests.parts.clickhouse import ClickHouse
from tests.parts.deadlines import wait_until
from tests.parts.processes import Process, free_port, running, start_process
from tests.parts.registry import SchemaRegistry
from tests.parts.smtp import SmtpServer
from tests.parts.tansu import Tansu

T = TypeVar("T")


@dataclass(slots=True)
class Stage:
    """All parts that a worker needs, each on a port that stays its own while it is away."""

    folder: Path
    kafka: Tansu
    clickhouse: ClickHouse
    registry: SchemaRegistry
    smtp: SmtpServer

    @property
    def database_url(self) -> str:
        return f"http://127.0.0.1:{self.clickhouse.port}/default"

    def worker(
        self,
        name: str = "worker",
        command: Sequence[str] = (sys.executable, "-m", "bewithu", "worker"),
        **environment: str,
    ) -> Worker:
        """A worker that has just been started; the caller stops it. `environment`: settings besides the stage's."""
        port = free_port()
        settings = {
            "BEWITHU_KAFKA__BOOTSTRAP_SERVERS": self.kafka.bootstrap_servers,
            "BEWITHU_KAFKA__SESSION_TIMEOUT_SECONDS": "6",
            "BEWITHU_KAFKA__PARTITIONS": "2",
            "BEWITHU_REGISTRY__URL": self.registry.url,
            "BEWITHU_CLICKHOUSE__URL": self.database_url,
            "BEWITHU_SMTP__PORT": str(self.smtp.port),
            "BEWITHU_HTTP__PORT": str(port),
        }
        log = self.folder / f"{name}.log"
        process = start_process(
            list(command), log, folder=self.folder, environment={**settings, **environment}
        )
        return Worker(process, port)

    def books(self) -> Books:
        with closing(Database.at(self.database_url)) as database:
            return Bookkeeping(database).books()

    def facts(self, event_type: str) -> int:
        """Facts as a reader sees them: without doubles."""
        with closing(Database.at(self.database_url)) as database:
            return int(database.value(f"SELECT count() FROM {facts_table(event_type)} FINAL"))


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """Everything runs at first; at the end everything is stopped."""
    registry, smtp = SchemaRegistry(), SmtpServer()
    with ExitStack() as parts:
        for server in (registry, smtp):
            server.start()
            parts.enter_context(running(server))
        kafka = parts.enter_context(running(Tansu.start(folder / "tansu")))
        clickhouse = parts.enter_context(running(ClickHouse.start(folder / "clickhouse")))
        yield Stage(folder, kafka, clickhouse, registry, smtp)


@dataclass(frozen=True, slots=True)
class Worker:
    """A running worker and its port; what it prints is in its process' log."""

    process: Process
    port: int

    def ask(self, path: str) -> tuple[int, Mapping[str, Any]]:
        """Status and JSON of an answer; 0 where nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except OSError:
            return 0, {}
        finally:
            connection.close()

    def wait_until_ready(self, seconds: float = 60) -> None:
        self._wait(lambda: self.ask("/health/ready")[0] == 200, seconds, "the worker to be ready")

    def wait_until_it_names(self, part: str, seconds: float = 60) -> str:
        """Waits until readiness is refused for a reason with `part` in it, and returns the reason."""

        def reason() -> str:
            status, told = self.ask("/health/ready")
            return next((each for each in told.get("reasons", ()) if status == 503 and part in each), "")

        found = self._wait(reason, seconds, f"readiness to be refused for {part}")
        assert self.ask("/health/live")[0] == 200, "a worker that waits for a part lives"
        return found

    def wait_until_it_logs(self, text: str, seconds: float = 60) -> str:
        """Waits for a line of the log with `text` in it, and returns the line."""

        def line() -> str:
            lines = self.process.log.read_text("utf-8", "replace").splitlines()
            return next((each for each in lines if text in each), "")

        return self._wait(line, seconds, f"the worker to log {text!r}")

    def end(self, seconds: float) -> int:
        """SIGTERM; the exit code, which must come within `seconds`."""
        self.process.popen.send_signal(signal.SIGTERM)
        wait_until(
            lambda: not self.process.alive,
            seconds,
            "the worker to end after SIGTERM",
            log=self.process.log,
            promised=True,
        )
        return self.process.popen.wait()

    def stop(self) -> None:
        self.process.stop()

    def _wait(self, condition: Callable[[], T], seconds: float, what: str) -> T:
        return wait_until(condition, seconds, what, process=self.process, every=0.1)


@contextmanager
def publishing(stage: Stage) -> Iterator[Publisher]:
    """What an agency publishes with."""
    registry = streams_registry.SchemaRegistry(Registry(url=stage.registry.url))
    try:
        yield Publisher(Kafka(bootstrap_servers=stage.kafka.bootstrap_servers), registry)
    finally:
        registry.close()
