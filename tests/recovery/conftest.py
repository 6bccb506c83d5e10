"""ClickHouse with a disk for backups, and empty databases on it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest

from sinks.clickhouse.database import Database
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
