"""Brings a database to this version: numbered SQL files, each applied once and remembered by checksum."""

from __future__ import annotations

import hashlib
import logging
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files

from clickhouse_connect.driver.exceptions import DatabaseError

from bewithu.errors import MigrationError, Unavailable
from sinks.clickhouse.cluster import SHAPE
from sinks.clickhouse.database import Database
from sinks.clickhouse.script import statements_of

log = logging.getLogger(__name__)

_FILE = re.compile(r"(?P<number>[0-9]{4})_(?P<title>[a-z0-9_]+)\.sql")
_LOG = """
CREATE TABLE IF NOT EXISTS migrations
(number UInt32, title String, checksum String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3))
ENGINE = MergeTree ORDER BY number
"""
#: Whose turn it is: the table's name.
_TURN = "migrating"
_PATIENCE_SECONDS, _PAUSE_SECONDS = 5.0, 0.1
#: Without anything applied; whoever had the turn is taken for dead.
_LEFT_SECONDS = 60
#: The server's seconds stand in the table's comment: what the server itself says of a table in memory is 1970.
_AGE = """
WITH (SELECT toUnixTimestamp(max(applied_at)) FROM migrations) AS applied
SELECT toUnixTimestamp(now()) - greatest(toUInt32OrZero(comment), applied)
FROM system.tables WHERE database = currentDatabase() AND name = {table:String}
"""
_TABLE_ALREADY_EXISTS = 57


@dataclass(frozen=True, slots=True)
class Migration:
    """A numbered change; its statements are separated by lines that end in `;`."""

    number: int
    title: str
    text: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def statements(self) -> tuple[str, ...]:
        return statements_of(self.text)


def migrations() -> tuple[Migration, ...]:
    """The migrations of this version, in order."""
    found = (
        Migration(int(match["number"]), match["title"], entry.read_text("utf-8"))
        for entry in files("sinks.clickhouse.migrations").iterdir()
        if (match := _FILE.fullmatch(entry.name))
    )
    return tuple(sorted(found, key=lambda migration: migration.number))


def pending(applied: Sequence[tuple[int, str, str]], known: Sequence[Migration]) -> tuple[Migration, ...]:
    """What is still to be done, given `(number, title, checksum)` of what was.

    Raises `MigrationError` when an applied migration changed since, or comes from a newer version.
    """
    by_number = {migration.number: migration for migration in known}
    for number, title, checksum in applied:
        migration = by_number.get(number)
        if migration is None:
            raise MigrationError(
                f"the database has migration {number:04} ({title}), which this version does not know: "
                "it was made by a newer bewithu; upgrade, or restore a backup"
            )
        if migration.checksum != checksum:
            raise MigrationError(
                f"migration {number:04} ({title}) changed after it was applied: expected checksum "
                f"{checksum[:12]}, the file has {migration.checksum[:12]}; put the file back and add a new one"
            )
    done = {number for number, _, _ in applied}
    return tuple(migration for migration in known if migration.number not in done)


def migrate(database: Database) -> tuple[Migration, ...]:
    """Applies what is pending and returns it. Safe to repeat after a crash: every statement is idempotent.

    Of several workers one does it, and the others wait. Raises `Unavailable` when that takes longer than a moment.
    """
    _require_fit(database)
    if "migrations" not in tables_of(database):
        database.define(_LOG)
    if not pending(_applied(database), migrations()):
        return ()
    with _alone(database):
        todo = pending(_applied(database), migrations())
        for migration in todo:
            _apply(database, migration)
    return todo


def unapplied(database: Database) -> tuple[Migration, ...]:
    """What `migrate` would do; it is not done. Raises `MigrationError` where it may not be."""
    _require_fit(database)
    applied = _applied(database) if "migrations" in tables_of(database) else []
    return pending(applied, migrations())


def _require_fit(database: Database) -> None:
    cluster = database.cluster
    if cluster is not None:
        ((shards, replicas),) = database.rows(SHAPE, cluster=cluster.name)
        if trouble := cluster.trouble(shards, replicas):
            raise MigrationError(trouble)


def tables_of(database: Database) -> frozenset[str]:
    """What is there of tables and views: who only looks needs no right to make any."""
    rows = database.rows("SELECT name FROM system.tables WHERE database = currentDatabase()")
    return frozenset(str(name) for (name,) in rows)


def _apply(database: Database, migration: Migration) -> None:
    try:
        for text in migration.statements:
            database.define(text)
    except DatabaseError:
        # Whoever was taken for dead may be ahead, and have dropped in a later migration what this one alters.
        if migration in pending(_applied(database), migrations()):
            raise
        return
    database.insert(
        "migrations",
        ["number", "title", "checksum"],
        [[migration.number, migration.title, migration.checksum]],
    )


@contextmanager
def _alone(database: Database) -> Iterator[None]:
    """A table can be made once: who makes it may go on. The embedded engine has one process anyway."""
    if database.embedded:
        yield
        return
    _take_turn(database)
    try:
        yield
    finally:
        database.define(f"DROP TABLE IF EXISTS {_TURN}")


def _take_turn(database: Database) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        begun = database.value("SELECT toUnixTimestamp(now())")
        try:
            return database.define(f"CREATE TABLE {_TURN} (nothing UInt8) ENGINE = Memory COMMENT '{begun}'")
        except DatabaseError as error:
            if error.code != _TABLE_ALREADY_EXISTS:
                raise
        if any(age > _LEFT_SECONDS for (age,) in database.rows(_AGE, table=_TURN)):
            log.warning("a worker began to migrate %s and came to no end: going on", database.name)
            database.define(f"DROP TABLE IF EXISTS {_TURN}")
        elif time.monotonic() > until:
            raise Unavailable(database.name, "another worker brings it to this version")
        else:
            time.sleep(_PAUSE_SECONDS)


def _applied(database: Database) -> list[tuple[int, str, str]]:
    return [
        (number, title, checksum)
        for number, title, checksum in database.rows(
            "SELECT number, title, checksum FROM migrations ORDER BY number"
        )
    ]
