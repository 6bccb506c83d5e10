"""A worker, and `bewithu doctor`, whose links are all refused: they say so and wait, and tell no secret."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.command_line import CommandLine
from tests.e2e.secured import LOGINS, SecuredPlatform, secured_platform
from tests.parts.authority import Authority
from tests.parts.deadlines import wait_until
from tests.parts.processes import Process, start_process
from tests.parts.secured_kafka import SecuredKafka

WRONG = "geheim-wrong-48d1"
SECRETS = [WRONG, *(password for _, password in LOGINS.values())]
#: A worker of which every library says all that it can.
LOUD = (
    "import asyncio, logging; logging.basicConfig(level=logging.DEBUG); from bewithu.cli import operate;"
    " asyncio.run(operate._work(operate.load_settings(), quiet=False))"
)
#: And asyncio too; when it dies, each thread's place is told.
LOUDER = {"PYTHONASYNCIODEBUG": "1", "PYTHONFAULTHANDLER": "1", "PYTHONDEVMODE": "1"}
PARTS = {"ClickHouse": "clickhouse", "Kafka": "kafka", "schema registry": "registry", "mail server": "smtp"}


@pytest.fixture
def platform(tmp_path: Path, secured_kafka: SecuredKafka, authority: Authority) -> Iterator[SecuredPlatform]:
    with secured_platform(tmp_path, secured_kafka, authority) as made:
        yield made


def without_prefix(settings: Mapping[str, str]) -> Mapping[str, str]:
    return {name.removeprefix("BEWITHU_"): value for name, value in settings.items()}


def test_doctor_finds_every_secured_part_well(platform: SecuredPlatform, bewithu: CommandLine) -> None:
    bewithu.set(**without_prefix(platform.settings))
    assert bewithu("migrate").code == 0
    answer = bewithu("--verbose", "doctor", "--json")
    assert answer.code == 0, answer.out
    rows = {row["what"]: (row["state"], row["detail"]) for row in answer.document}
    for part in PARTS:
        assert rows[part][0] == "ok"
        assert "TLS, certificate verified" in rows[part][1]
    assert rows["setting kafka.sasl_password"] == ("sasl_password_file", "***")
    assert told_secrets(answer.out + answer.err) == []


def test_doctor_names_the_settings_of_every_refused_login_and_shows_no_secret(
    platform: SecuredPlatform, bewithu: CommandLine
) -> None:
    settings = {**platform.settings, **wrong_passwords(platform)}
    bewithu.set(**without_prefix(settings))
    answer = bewithu("--verbose", "doctor", "--json")
    assert answer.code == 1
    rows = {row["what"]: (row["state"], row["detail"]) for row in answer.document}
    for part, level in PARTS.items():
        state, detail = rows[part]
        assert state == "failed"
        assert f"refused the login of {LOGINS[level][0]}: check BEWITHU_{level.upper()}__" in detail
    assert told_secrets(answer.out + answer.err) == []


@pytest.mark.parametrize("part", ["ClickHouse", "Kafka", "schema registry"])
def test_a_worker_whose_login_is_refused_waits_and_tells_no_secret_even_when_it_dies(
    platform: SecuredPlatform, part: str
) -> None:
    wrong = wrong_passwords(platform)
    variable = next(name for name in wrong if name.startswith(f"BEWITHU_{PARTS[part].upper()}__"))
    log = platform.folder / "loud.log"
    environment = {**platform.settings, variable: wrong[variable], **LOUDER}
    worker = start_process([sys.executable, "-c", LOUD], log, folder=platform.folder, environment=environment)
    platform.worker = worker
    wait_until(lambda: "refused the login of" in text(worker), 60, "the refusal to be logged", process=worker)
    wait_until(lambda: reasons(platform, worker), 20, "readiness to be refused", process=worker)
    # It tries again by itself, and says the same thing once.
    tried = text(worker).count("waiting for it")
    assert tried == 1, text(worker)
    worker.popen.send_signal(signal.SIGABRT)
    wait_until(lambda: not worker.alive, 20, "the worker to die")
    assert "most recent call first" in text(worker), "faulthandler tells where each thread was"
    assert told_secrets(text(worker)) == []


def reasons(platform: SecuredPlatform, worker: Process) -> bool:
    return not platform.is_ready() and worker.alive


def text(worker: Process) -> str:
    return worker.log.read_text("utf-8", "replace")


def wrong_passwords(platform: SecuredPlatform) -> Mapping[str, str]:
    file = platform.folder / "wrong-password"
    file.write_text(WRONG)
    return {name: str(file) for name in platform.settings if name.endswith("PASSWORD_FILE")}


def told_secrets(said: str) -> list[str]:
    return [secret for secret in SECRETS if secret in said]
