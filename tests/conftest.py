"""Fixtures for all tests. One process has one chdb engine, so they share a prepared database, emptied in between."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sinks.clickhouse.database import Database
from sinks.clickhouse.prepare import prepare

pytest_plugins = ["tests.parts.fixtures"]

_KEPT = ("areas", "municipalities", "validity", "migrations")


@pytest.fixture(scope="session")
def prepared_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    folder: Path = tmp_path_factory.mktemp("clickhouse")
    database = Database.at(f"chdb://{folder}")
    prepare(database)
    yield database
    database.close()


@pytest.fixture
def database(prepared_database: Database) -> Database:
    """A prepared database without facts."""
    tables = prepared_database.rows(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'"
        " AND name NOT IN {kept:Array(String)}",
        kept=list(_KEPT),
    )
    for (table,) in tables:
        prepared_database.run(f"TRUNCATE TABLE {table}")
    return prepared_database
