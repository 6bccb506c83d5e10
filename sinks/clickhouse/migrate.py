"""Brings a database to this version: numbered SQL files, each applied once and remembered by checksum."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from clickhouse_connect.driver.exceptions import DatabaseError

from bewithu.errors import MigrationError
from sinks.clickhouse.database import Database

_FILE = re.compile(r"(?P<number>[0-9]{4})_(?P<title>[a-z0-9_]+)\.sql")
_LOG = """
CREATE TABLE IF NOT EXISTS migrations
(number UInt32, title String, checksum String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3))
ENGINE = MergeTree ORDER BY number
"""


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
        return tuple(part.strip() for part in re.split(r";[ \t]*(?:\n|$)", self.text) if part.strip())


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

    Several workers may do so at once. Each goes on to the last migration, as what it made again may be dropped there.
    """
    database.run(_LOG)
    todo = pending(_applied(database), migrations())
    for migration in todo:
        try:
            for text in migration.statements:
                database.run(text)
        except DatabaseError:
            # A worker that is ahead may have dropped, in a later migration, what this one alters.
            if migration in pending(_applied(database), migrations()):
                raise
            continue
        database.insert(
            "migrations",
            ["number", "title", "checksum"],
            [[migration.number, migration.title, migration.checksum]],
        )
    return todo


def _applied(database: Database) -> list[tuple[int, str, str]]:
    return [
        (number, title, checksum)
        for number, title, checksum in database.rows(
            "SELECT number, title, checksum FROM migrations ORDER BY number"
        )
    ]
