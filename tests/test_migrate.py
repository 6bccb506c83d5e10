"""A database is brought to this version once, and an odd history is refused in words that say what to do."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError
from hypothesis import given
from hypothesis import strategies as st

from bewithu.errors import MigrationError, Unavailable
from schemas.areas import areas, municipalities
from schemas.contracts import contracts
from sinks.clickhouse import migrate as migrate_module
from sinks.clickhouse.contract_tables import facts_table, landing_table
from sinks.clickhouse.database import Database
from sinks.clickhouse.migrate import Migration, migrate, migrations, pending
from sinks.clickhouse.prepare import prepare
from tests.parts.clickhouse import ClickHouse

KNOWN = (
    Migration(1, "first", "CREATE TABLE one (a UInt8) ENGINE = Memory;"),
    Migration(2, "second", "CREATE TABLE two (a UInt8) ENGINE = Memory;"),
    Migration(3, "third", "ALTER TABLE one ADD COLUMN b UInt8;"),
)


def applied(*these: Migration) -> list[tuple[int, str, str]]:
    return [(each.number, each.title, each.checksum) for each in these]


# --- what is to be done: a pure decision ---


@given(st.sets(st.integers(1, 3)))
def test_what_was_not_applied_is_pending_in_order(done: set[int]) -> None:
    history = applied(*(each for each in KNOWN if each.number in done))
    assert pending(history, KNOWN) == tuple(each for each in KNOWN if each.number not in done)


def test_a_migration_that_changed_since_is_named_with_both_checksums() -> None:
    changed = Migration(2, "second", KNOWN[1].text + "\n-- one more remark")
    with pytest.raises(MigrationError) as caught:
        pending(applied(*KNOWN), [KNOWN[0], changed, KNOWN[2]])
    message = str(caught.value)
    assert "migration 0002 (second) changed after it was applied" in message
    assert KNOWN[1].checksum[:12] in message
    assert changed.checksum[:12] in message
    assert "put the file back" in message


def test_a_database_of_a_newer_version_is_refused_and_the_way_out_is_named() -> None:
    newer = Migration(4, "from_the_future", "SELECT 1")
    with pytest.raises(
        MigrationError, match=r"has migration 0004 \(from_the_future\).*newer bewithu; upgrade"
    ):
        pending(applied(*KNOWN, newer), KNOWN)


def test_a_migrations_statements_are_split_where_a_line_ends_in_a_semicolon() -> None:
    text = "CREATE TABLE a (x String DEFAULT ';') ENGINE = Memory;\n\n-- why\nSELECT 'a;b'; \nSELECT 2"
    assert Migration(1, "a", text).statements == (
        "CREATE TABLE a (x String DEFAULT ';') ENGINE = Memory",
        "-- why\nSELECT 'a;b'",
        "SELECT 2",
    )
    assert Migration(1, "a", text).checksum == hashlib.sha256(text.encode()).hexdigest()


def test_our_migrations_are_numbered_without_a_gap_and_can_be_repeated() -> None:
    found = migrations()
    assert [each.number for each in found] == list(range(1, len(found) + 1))
    for migration in found:
        assert migration.statements
        for statement in migration.statements:
            code = "\n".join(line for line in statement.splitlines() if not line.startswith("--"))
            # After a crash between two statements the whole file is run again.
            repeatable = ("IF NOT EXISTS", "IF EXISTS", "MODIFY SETTING", "MATERIALIZE COLUMN")
            assert any(words in code for words in repeatable), f"{migration.title}: {code[:60]}"


# --- in a database ---


@pytest.fixture
def spare(prepared_database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """The run's database with its history set aside, and migrations that make a table of their own."""
    monkeypatch.setattr(migrate_module, "migrations", lambda: MINE)
    prepared_database.run("RENAME TABLE migrations TO migrations_aside")
    yield prepared_database
    prepared_database.run("DROP TABLE IF EXISTS spare")
    prepared_database.run("DROP TABLE IF EXISTS migrations")
    prepared_database.run("RENAME TABLE migrations_aside TO migrations")


MINE = (
    Migration(
        1,
        "spare",
        "CREATE TABLE IF NOT EXISTS spare (a UInt8) ENGINE = MergeTree ORDER BY a;\n"
        "ALTER TABLE spare ADD COLUMN IF NOT EXISTS b String DEFAULT 'yes; and no';\n",
    ),
    Migration(2, "more", "ALTER TABLE spare ADD COLUMN IF NOT EXISTS c UInt8;"),
)


def columns(database: Database) -> list[str]:
    return [name for name, *_ in database.rows("DESCRIBE TABLE spare")]


def history(database: Database) -> list[tuple[int, str, str]]:
    rows = database.rows("SELECT number, title, checksum FROM migrations ORDER BY number")
    return [(number, title, checksum) for number, title, checksum in rows]


def test_each_migration_is_applied_once_and_remembered(spare: Database) -> None:
    assert migrate(spare) == MINE
    assert columns(spare) == ["a", "b", "c"]
    assert history(spare) == applied(*MINE)
    assert migrate(spare) == ()
    assert history(spare) == applied(*MINE)


def test_only_what_is_new_is_applied(spare: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate_module, "migrations", lambda: MINE[:1])
    assert migrate(spare) == MINE[:1]
    spare.run("INSERT INTO spare (a) VALUES (7)")
    monkeypatch.setattr(migrate_module, "migrations", lambda: MINE)
    assert migrate(spare) == MINE[1:]
    assert spare.rows("SELECT a, b, c FROM spare") == [(7, "yes; and no", 0)]


def test_a_migration_cut_short_is_finished_by_the_next_start(spare: Database) -> None:
    spare.run(MINE[0].statements[0])
    assert migrate(spare) == MINE
    assert columns(spare) == ["a", "b", "c"]


DROPPED = Migration(3, "gone", "DROP TABLE IF EXISTS spare;")


@pytest.mark.parametrize("statement", range(4))
def test_another_worker_that_migrates_meanwhile_is_no_trouble(
    spare: Database, monkeypatch: pytest.MonkeyPatch, statement: int
) -> None:
    """It does all of it just before one of our statements, and what this one alters is gone."""
    monkeypatch.setattr(migrate_module, "migrations", lambda: (*MINE, DROPPED))
    run, ours = spare.run, iter(range(100))

    def overtaken(text: str) -> None:
        if "spare" in text and next(ours) == statement:
            with pytest.MonkeyPatch.context() as other:
                other.setattr(spare, "run", run)
                assert migrate(spare) != ()
        run(text)

    monkeypatch.setattr(spare, "run", overtaken)
    migrate(spare)
    assert {number for number, _, _ in history(spare)} == {1, 2, 3}
    assert not spare.value("EXISTS TABLE spare")


def test_a_statement_that_nobody_applied_and_that_fails_is_told(
    spare: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Migration(1, "spare", "ALTER TABLE spare ADD COLUMN IF NOT EXISTS c UInt8;")
    monkeypatch.setattr(migrate_module, "migrations", lambda: (broken,))
    with pytest.raises(DatabaseError, match="UNKNOWN_TABLE"):
        migrate(spare)
    assert history(spare) == []


def test_nothing_is_applied_to_a_database_whose_history_differs(
    spare: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate_module, "migrations", lambda: MINE[:1])
    migrate(spare)
    changed = Migration(1, "spare", MINE[0].text + "-- changed")
    monkeypatch.setattr(migrate_module, "migrations", lambda: (changed, MINE[1]))
    with pytest.raises(MigrationError, match="0001"):
        migrate(spare)
    assert columns(spare) == ["a", "b"]
    assert history(spare) == applied(MINE[0])


def test_preparing_a_prepared_database_changes_nothing(database: Database) -> None:
    def tables() -> object:
        return database.rows(
            "SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase() ORDER BY name"
        )

    before = tables(), history(database)
    assert prepare(database) == ()
    assert (tables(), history(database)) == before
    assert history(database) == applied(*migrations())


def test_a_prepared_database_has_the_areas_and_a_table_for_every_contract(database: Database) -> None:
    assert database.value("SELECT count() FROM areas FINAL") == len(areas())
    assert database.value("SELECT count() FROM municipalities FINAL") == len(municipalities())
    assert database.value("SELECT count() FROM validity") == len(municipalities())
    for topic, contract in contracts().items():
        assert database.value(f"SELECT count() FROM {facts_table(contract.event_type)}") == 0
        assert database.value("EXISTS TABLE " + landing_table(topic)) == 1


# --- on a server that several workers share ---


@pytest.fixture
def address(clickhouse: ClickHouse, clickhouse_database: str) -> str:
    return f"http://127.0.0.1:{clickhouse.port}/{clickhouse_database}"


def migrated(address: str) -> tuple[Migration, ...]:
    with closing(Database.at(address)) as database:
        return migrate(database)


def test_of_workers_that_start_together_one_migrates_and_the_others_wait(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate_module, "_PATIENCE_SECONDS", 60)
    apply, at_work, at_once = migrate_module._apply, threading.Lock(), []

    def watched(database: Database, migration: Migration) -> None:
        at_once.append(not at_work.acquire(blocking=False))
        try:
            apply(database, migration)
        finally:
            if not at_once[-1]:
                at_work.release()

    monkeypatch.setattr(migrate_module, "_apply", watched)
    with ThreadPoolExecutor(4) as workers:
        done = list(workers.map(migrated, [address] * 4))
    assert sorted(map(len, done)) == [0, 0, 0, len(migrations())]
    assert at_once == [False] * len(migrations())
    with closing(Database.at(address)) as database:
        assert [number for number, _, _ in history(database)] == [each.number for each in migrations()]
        assert not database.value("EXISTS TABLE migrating")


def test_a_worker_that_migrates_is_waited_for_and_one_that_died_while_it_did_is_not(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate_module, "migrations", lambda: MINE)
    with closing(Database.at(address)) as database, closing(Database.at(address)) as other:
        migrate_module._take_turn(other)  # and dies
        monkeypatch.setattr(migrate_module, "_PATIENCE_SECONDS", 0.3)
        with pytest.raises(Unavailable, match="another worker brings it to this version"):
            migrate(database)
        assert database.value("EXISTS TABLE migrating")
        monkeypatch.setattr(migrate_module, "_LEFT_SECONDS", 1)
        monkeypatch.setattr(migrate_module, "_PATIENCE_SECONDS", 30)
        assert migrate(database) == MINE
