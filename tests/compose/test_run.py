"""What docker-compose.yml starts of ours, started: from nothing to values on the board and a mail."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from tests.compose.proxy import WORKERS, proxy
from tests.compose.stage import Stage, get
from tests.e2e.platform import yesterday_noon
from tests.makers import registration
from tests.parts.clickhouse import ClickHouse
from tests.parts.deadlines import wait_until
from tests.parts.kafka import ApacheKafka
from tests.parts.processes import Process, running
from tests.parts.registry import SchemaRegistry
from tests.parts.smtp import SmtpServer

#: Few enough to be told within seconds: the last month that is simulated, of one person in five hundred.
SOME = ("--since", "2025-12-01", "--until", "2025-12-31", "--scale", "0.002")
SECONDS_TO_END = 10
#: It takes half a minute; a busy machine may take many times as long.
PATIENCE = 120
CERTIFICATES = 30


@pytest.fixture
def stage(
    tmp_path: Path,
    own_apache_kafka: ApacheKafka,
    schema_registry: SchemaRegistry,
    own_clickhouse: ClickHouse,
    smtp_server: SmtpServer,
) -> Stage:
    with own_clickhouse.client() as client:
        client.command("CREATE DATABASE bewithu")
    return Stage(tmp_path, own_apache_kafka, schema_registry, own_clickhouse, smtp_server)


@pytest.fixture
def run(stage: Stage) -> Iterator[Callable[..., Process]]:
    """Starts a service of the stage; at the end what still runs is stopped."""
    with ExitStack() as parts:
        yield lambda *words, **named: parts.enter_context(running(stage.run(*words, **named)))


@pytest.mark.timeout(420)
def test_the_services_go_from_nothing_to_values_and_mails_and_end_when_asked(
    stage: Stage, run: Callable[..., Process]
) -> None:
    assert ended(run("migrate")) == 0
    workers = {host: run("worker", host) for host in WORKERS}
    simulator = run("simulator", more=SOME)
    with proxy(stage.folder, stage.port) as front:
        for host, worker in workers.items():
            wait_until(
                lambda host=host: stage.finds_well("worker", host),
                60,
                f"{host} well",
                process=worker,
                every=0.5,
            )
        assert ended(simulator) == 0

        # An agency on this machine sends what the rule fires on.
        agency = run("simulator", command=("publish", "registration", str(certificates(stage.folder))))
        assert ended(agency) == 0
        for host in WORKERS:
            wait_until(lambda host=host: value(host, stage.port) == CERTIFICATES, PATIENCE, f"30 on {host}")
        assert value("127.0.0.1", front) == CERTIFICATES
        wait_until(lambda: stage.mail.mails, PATIENCE, "a mail")
        assert b"http://127.0.0.1:8080/act?" in content(stage), "links are signed with the key of the secrets"
        with pytest.raises(HTTPError, match="404"):
            get("127.0.0.1", front, "metrics")

        # One worker ends, and whoever reads the board does not notice; then the other one.
        first, last = workers.values()
        assert ends_when_asked(first) == 0
        assert value("127.0.0.1", front) == CERTIFICATES
        assert ends_when_asked(last) == 0
    assert secrets_told(stage) == []
    assert list(stage.work.iterdir()) == [], "a service would write where its container is read-only"


def certificates(folder: Path) -> Path:
    """As many as the rule of the stage fires on, of yesterday, in Liège."""
    events = [
        registration(f"{number:031x}a", yesterday_noon(), municipality="62063").event
        for number in range(CERTIFICATES)
    ]
    file = folder / "certificates.jsonl"
    file.write_text("".join(f"{json.dumps(dict(event), default=written)}\n" for event in events))
    return file


def written(found: Any) -> str:
    return str(found.isoformat() if hasattr(found, "isoformat") else found)


def value(host: str, port: int) -> float | None:
    """Certificates of the last seven days in Wallonia, as the board at that address shows them."""
    day = yesterday_noon().date().isoformat()
    answer = get(host, port, f"api/v1/indicators/registrations_7d?area=03000&day={day}")
    found: float | None = answer["value"]["value"]
    return found


def content(stage: Stage) -> bytes:
    parts = [part for mail in stage.mail.mails for part in mail.message.walk() if not part.is_multipart()]
    return b"".join(part.get_payload(decode=True) or b"" for part in parts)  # type: ignore[misc]


def secrets_told(stage: Stage) -> list[str]:
    """Names of secrets that stand in a log or in a mail."""
    told = content(stage) + b"".join(log.read_bytes() for log in stage.folder.glob("*.log"))
    secrets = {file.name: file.read_bytes().strip() for file in (stage.folder / "secrets").iterdir()}
    return [name for name, secret in secrets.items() if secret and secret in told]


def ended(process: Process) -> int:
    wait_until(lambda: not process.alive, PATIENCE, "the process to end", log=process.log)
    return process.popen.wait()


def ends_when_asked(worker: Process) -> int:
    worker.popen.send_signal(signal.SIGTERM)
    wait_until(lambda: not worker.alive, SECONDS_TO_END, "the worker to end", log=worker.log)
    return worker.popen.wait()
