"""One store for all tests of this folder that only read it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sinks.clickhouse.database import Database
from tests.dashboards.store import fill_store
from tests.events import empty


@pytest.fixture(scope="module")
def filled(prepared_database: Database) -> Iterator[Database]:
    empty(prepared_database)
    fill_store(prepared_database)
    yield prepared_database
    empty(prepared_database)
