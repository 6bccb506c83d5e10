"""What is promised at power loss (docs/durability.md): what an offset, a refresh or a mail rests on is on the disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.contracts import contracts
from sinks.clickhouse.bookkeeping import Bookkeeping, Books
from sinks.clickhouse.contract_tables import facts_table
from sinks.clickhouse.database import Database
from sinks.clickhouse.prepare import prepare
from tests.events import Platform, person, registration
from tests.parts.clickhouse import ClickHouse
from tests.parts.power_cut import drop_unsynced, parts_in, start_traced
from tests.parts.processes import running

#: Tables that may lose their last rows at power loss, and why that loses nothing.
NOT_SYNCED = {
    "areas": "loaded at every start",
    "feeds": "the next count of the feeds writes them again",
    "municipalities": "loaded at every start",
    "migrations": "a migration that is not noted is applied again, which changes nothing",
    "refreshes": "a refresh that is not noted is done again, which changes nothing",
    "refused": "read back within the batch that wrote it, whose offsets are not yet committed",
}
OCCURRED = datetime(2025, 3, 3, 9, 30, tzinfo=UTC)


def test_every_table_is_synced_or_has_a_reason_not_to_be(database: Database) -> None:
    statements = dict(
        database.rows(
            "SELECT name, create_table_query FROM system.tables"
            " WHERE database = currentDatabase() AND engine LIKE '%MergeTree'"
        )
    )
    synced = {
        table
        for table, text in statements.items()
        if "fsync_after_insert = 1" in text and "fsync_part_directory = 1" in text
    }
    assert {*map(facts_table, (contract.event_type for contract in contracts().values()))} <= synced
    assert {"quarantine", "batches", "touched", "alert_log", "mail_log", "alert_events"} <= synced
    assert statements.keys() - synced == NOT_SYNCED.keys()


@pytest.fixture
def traced(tmp_path: Path) -> Iterator[ClickHouse]:
    with running(start_traced(tmp_path / "clickhouse")) as server:
        yield server


def database_at(server: ClickHouse) -> Database:
    return Database.at(f"http://127.0.0.1:{server.port}/default")


def publish_and_refresh(database: Database) -> Platform:
    """Two batches of five sound events and a broken one, and the refresh between them; the second waits for its own."""
    platform = Platform(database)
    for begin in (0, 5):
        values = [
            platform.registry.wire(registration(person(number), OCCURRED))
            for number in range(begin, begin + 5)
        ]
        broken = platform.registry.wire(registration(person(99), OCCURRED, municipality="99999"))
        platform.take("bewithu.registration.v1", 0, [*values, broken])
        if begin == 0:
            platform.refresh()
    return platform


def registered(database: Database) -> float:
    """The country's registrations of the seven days up to the day of all events, as last refreshed."""
    found: float = database.value(
        "SELECT value FROM indicator_values WHERE indicator = 'registrations_7d'"
        " AND area = 'BE' AND breakdown = '' AND day = '2025-03-03'"
    )
    return found


@pytest.mark.timeout(120)
def test_what_was_acknowledged_is_there_after_a_power_cut_and_the_refresh_goes_on(
    traced: ClickHouse,
) -> None:
    with closing(database_at(traced)) as database:
        prepare(database)
        before = parts_in(traced.folder)
        publish_and_refresh(database)
        assert database.value("SELECT count() FROM refused") == 2
    traced.kill()
    dropped = drop_unsynced(traced.folder, before)
    assert dropped, "nothing was dropped: the cut cuts nothing"
    traced.restart()
    with closing(database_at(traced)) as database:
        prepare(database)
        assert database.value("SELECT count() FROM refused") == 0, "the only table that was not to be synced"
        assert Bookkeeping(database).books() == Books(published=12, accepted=10, quarantined=2, duplicates=0)
        assert registered(database) == 5
        # The note of the refresh may be lost, and the second batch was never refreshed.
        Platform(database).refresh()
        assert registered(database) == 10
        assert database.value("SELECT sum(delta) FROM steps WHERE indicator = 'registrations_7d'") == 0
