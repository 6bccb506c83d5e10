"""The parts as pytest fixtures: `pytest_plugins = ["tests.parts.fixtures"]` in conftest.py loads them.

Brokers and ClickHouse take seconds to start, so one of each serves the whole run: a test takes its own topic
(`unique_topic`) or database there. The `own_…` ones are a single test's, to kill and restart at will.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parts.apicurio import Apicurio
from tests.parts.authority import Authority
from tests.parts.clickhouse import ClickHouse
from tests.parts.kafka import ApacheKafka
from tests.parts.processes import running
from tests.parts.receiver import Receiver
from tests.parts.registry import SchemaRegistry
from tests.parts.secured_kafka import SecuredKafka
from tests.parts.smtp import SmtpServer
from tests.parts.tansu import Tansu

_databases = itertools.count(1)


@pytest.fixture(scope="session")
def apache_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApacheKafka]:
    """Apache Kafka for the whole run; do not stop it."""
    with running(ApacheKafka.start(tmp_path_factory.mktemp("kafka"))) as kafka:
        yield kafka


@pytest.fixture
def own_apache_kafka(tmp_path: Path) -> Iterator[ApacheKafka]:
    """Apache Kafka for one test, which may kill and restart it."""
    with running(ApacheKafka.start(tmp_path / "kafka")) as kafka:
        yield kafka


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The private authority that the run's secured parts are certified by."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def secured_kafka(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[SecuredKafka]:
    """Apache Kafka over TLS with logins, for the whole run; do not stop it."""
    with running(SecuredKafka.start(tmp_path_factory.mktemp("secured-kafka"), authority)) as kafka:
        yield kafka


@pytest.fixture(scope="session")
def tansu(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tansu]:
    """Tansu for the whole run; do not stop it."""
    with running(Tansu.start(tmp_path_factory.mktemp("tansu"))) as broker:
        yield broker


@pytest.fixture
def own_tansu(tmp_path: Path) -> Iterator[Tansu]:
    """Tansu for one test, which may kill and restart it (it comes back empty)."""
    with running(Tansu.start(tmp_path / "tansu")) as broker:
        yield broker


@pytest.fixture(params=["tansu", "apache_kafka"])
def each_broker(request: pytest.FixtureRequest) -> str:
    """The address of Tansu, and then of Apache Kafka, for what must be so on both."""
    part: Tansu | ApacheKafka = request.getfixturevalue(request.param)
    return part.bootstrap_servers


@pytest.fixture
def schema_registry() -> Iterator[SchemaRegistry]:
    """An empty, running schema registry."""
    registry = SchemaRegistry()
    registry.start()
    with running(registry):
        yield registry


@pytest.fixture(scope="module")
def apicurio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apicurio]:
    """Apicurio Registry for a module's tests, each of which takes subjects of its own; whoever stops it starts it."""
    with running(Apicurio.start(tmp_path_factory.mktemp("apicurio"))) as registry:
        yield registry


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    """ClickHouse over HTTP for the whole run; do not stop it."""
    with running(ClickHouse.start(tmp_path_factory.mktemp("clickhouse"))) as server:
        yield server


@pytest.fixture
def own_clickhouse(tmp_path: Path) -> Iterator[ClickHouse]:
    """ClickHouse over HTTP for one test, which may kill and restart it."""
    with running(ClickHouse.start(tmp_path / "clickhouse")) as server:
        yield server


@pytest.fixture
def clickhouse_database(clickhouse: ClickHouse) -> Iterator[str]:
    """The name of a new, empty database in the run's ClickHouse, dropped after the test."""
    name = f"test_{next(_databases)}"
    with clickhouse.client() as client:
        client.command(f"CREATE DATABASE {name}")
        yield name
        client.command(f"DROP DATABASE {name}")


@pytest.fixture
def smtp_server() -> Iterator[SmtpServer]:
    """A running mail server that has no mail yet and accepts everything."""
    server = SmtpServer()
    server.start()
    with running(server):
        yield server


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A running receiver of webhooks that takes everything."""
    server = Receiver()
    server.start()
    with running(server):
        yield server
