"""Fixtures for all tests. One process has one chdb engine, so they share a prepared database, emptied in between."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from sinks.clickhouse.database import Database
from sinks.clickhouse.prepare import prepare
from tests.command_line import CommandLine, command_line
from tests.events import empty
from tests.parts.deadlines import PATIENCE

pytest_plugins = ["tests.parts.fixtures"]

# How long an example takes says nothing on a machine that does other things, too: speed is measured in bench/.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A test that waits longer may take longer (see `PATIENCE`)."""
    default = float(config.getini("timeout"))
    for item in items if PATIENCE != 1 else ():
        known = item.get_closest_marker("timeout")
        item.add_marker(pytest.mark.timeout(PATIENCE * (known.args[0] if known else default)), append=False)


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
    empty(prepared_database)
    return prepared_database


@pytest.fixture
def bewithu(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[CommandLine]:
    """Runs commands with no settings but those that a test gives."""
    with command_line(monkeypatch, capsys, tmp_path) as line:
        yield line
