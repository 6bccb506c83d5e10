"""The walk over links that are all encrypted and ask for a login, on Apache Kafka with TLS and SCRAM."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from tests.e2e.secured import LOGINS, SecuredPlatform, secured_platform
from tests.e2e.test_walk import walk
from tests.parts.authority import Authority
from tests.parts.processes import running
from tests.parts.secured_kafka import SecuredKafka


@pytest.fixture
def platform(tmp_path: Path, authority: Authority) -> Iterator[SecuredPlatform]:
    with (
        running(SecuredKafka.start(tmp_path / "kafka", authority)) as kafka,
        secured_platform(tmp_path, kafka, authority) as made,
    ):
        yield made


def test_an_event_becomes_a_fact_an_alert_and_a_mail_though_every_link_is_encrypted(
    platform: SecuredPlatform,
) -> None:
    worker = platform.start_worker()
    with platform.publisher() as publisher:
        walk(platform, publisher, datetime.now(UTC))
    secrets = [password for _, password in LOGINS.values()]
    log = worker.log.read_text("utf-8", "replace")
    assert [secret for secret in secrets if secret in log] == []
    # Any user of the machine may list processes with their arguments.
    words = " ".join(psutil.Process(worker.pid).cmdline())
    assert [secret for secret in secrets if secret in words] == []
