"""ClickHouse with a disk for backups: alone with empty databases on it, and with a platform around it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sinks.clickhouse.database import Database
from tests.chaos.stage import Stage, stage
from tests.parts.clickhouse import ClickHouse
from tests.parts.processes import running

_numbers = itertools.count(1)


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    folder = tmp_path_factory.mktemp("clickhouse-with-backups")
    (folder / "backups").mkdir()
    with running(ClickHouse.start(folder / "server", backups=folder / "backups")) as found:
        yield found


@pytest.fixture
def new_database(server: ClickHouse) -> Iterator[Callable[[], Database]]:
    """Makes empty databases on the server."""
    made: list[Database] = []

    def make() -> Database:
        name = f"new_{next(_numbers)}"
        with server.client() as client:
            client.command(f"CREATE DATABASE {name}")
        made.append(Database.at(f"http://127.0.0.1:{server.port}/{name}"))
        return made[-1]

    yield make
    for database in made:
        database.close()


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Stage]:
    (tmp_path / "backups").mkdir()
    with stage(tmp_path / "stage", seed=5, backups=tmp_path / "backups") as found:
        found.settings = {"BEWITHU_REFRESH__EVALUATION_SECONDS": "0.5", "BEWITHU_REFRESH__AUDIT_SECONDS": "1"}
        yield found
