"""What we state with our statements has its effect, in the embedded engine and over HTTP."""

from __future__ import annotations

from contextlib import closing

from sinks.clickhouse.database import Database
from sinks.clickhouse.stated_settings import INSERT_SETTINGS, STATEMENT_SETTINGS
from tests.parts.clickhouse import ClickHouse


def entries_of_statements(database: Database) -> int:
    """How many conditions ClickHouse remembers after reads and writes that each have one of their own."""
    entries = "SELECT value FROM system.metrics WHERE metric = 'QueryConditionCacheEntries'"
    database.run("CREATE TABLE batches_of_days (batch UInt64, day UInt64) ENGINE = MergeTree ORDER BY day")
    try:
        database.run("INSERT INTO batches_of_days SELECT number, number % 30 FROM numbers(50000)")
        before = int(database.value(entries))
        for batch in range(5):
            asked = "SELECT batch, day FROM batches_of_days WHERE batch = {batch:UInt64}"
            database.rows(asked, batch=60_000 + batch)
            database.frame(asked, batch=70_000 + batch)
            database.run(f"INSERT INTO batches_of_days {asked}", batch=80_000 + batch)
        return int(database.value(entries)) - before
    finally:
        database.run("DROP TABLE batches_of_days")


def test_conditions_that_never_come_again_are_not_remembered(database: Database) -> None:
    assert entries_of_statements(database) == 0


def test_nor_are_they_by_a_server(clickhouse: ClickHouse, clickhouse_database: str) -> None:
    with closing(Database.at(f"http://127.0.0.1:{clickhouse.port}/{clickhouse_database}")) as database:
        assert entries_of_statements(database) == 0


def test_they_are_settings_of_the_engine(prepared_database: Database) -> None:
    known = {name for (name,) in prepared_database.rows("SELECT name FROM system.settings")}
    assert known >= {*STATEMENT_SETTINGS, *INSERT_SETTINGS}
