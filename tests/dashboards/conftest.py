"""One store for all tests of this folder that only read it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sinks.clickhouse.database import Database
from tests.conftest import emptied
from tests.dashboards.store import fill_store


@pytest.fixture(scope="module")
def filled(prepared_database: Database) -> Iterator[Database]:
    fill_store(emptied(prepared_database))
    yield prepared_database
    emptied(prepared_database)
