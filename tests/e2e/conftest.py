"""The platform of the end-to-end tests, on the embedded broker and on Apache Kafka."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.platform import Platform
from tests.parts.clickhouse import ClickHouse
from tests.parts.kafka import ApacheKafka
from tests.parts.processes import running
from tests.parts.registry import SchemaRegistry
from tests.parts.smtp import SmtpServer
from tests.parts.tansu import Tansu


@pytest.fixture(params=["embedded broker", "Apache Kafka"])
def platform(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    schema_registry: SchemaRegistry,
    own_clickhouse: ClickHouse,
    smtp_server: SmtpServer,
) -> Iterator[Platform]:
    start = Tansu.start if request.param == "embedded broker" else ApacheKafka.start
    with running(start(tmp_path / "broker")) as broker:
        made = Platform(tmp_path, broker, schema_registry, own_clickhouse, smtp_server)
        with running(made):
            yield made


@pytest.fixture
def kafka_platform(
    tmp_path: Path,
    own_apache_kafka: ApacheKafka,
    schema_registry: SchemaRegistry,
    own_clickhouse: ClickHouse,
    smtp_server: SmtpServer,
) -> Iterator[Platform]:
    made = Platform(tmp_path, own_apache_kafka, schema_registry, own_clickhouse, smtp_server)
    with running(made):
        yield made
