"""Backups by ClickHouse's own BACKUP and RESTORE, in an order that makes any cut between two tables a crash's cut.

Tables are copied while workers write them, one moment each. So they are copied in pieces, in the opposite order of
that in which they are written: a note before what it stands for. Whatever a note in a backup says to be there, is
there; what is there and not noted is done again from Kafka or from the facts, as after a crash, and changes nothing.

Only what takes events out (forgetting, erasing) writes in an order of its own: a backup during which any of that was
done is given up. Landing tables and views are not copied: they are made from contracts and migrations.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from clickhouse_connect.driver.exceptions import DatabaseError

from bewithu import __version__
from bewithu.errors import BackupError
from sinks.clickhouse.database import Database, statement
from sinks.clickhouse.literal import text
from sinks.clickhouse.migrate import migrations, pending

#: What stands for something else: for facts, for steps, for moves, for a mail that is to be written.
NOTES: Final = ("batches", "refreshes", "generations", "quarantine_steps", "alert_log")
#: The name of the database in every backup, so that it can be restored into any.
_DATABASE = "bewithu"
_CONTENTS = "backup_contents"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_LOOK_EVERY_SECONDS = 0.05
#: BACKUP_NOT_FOUND, BACKUP_ENTRY_NOT_FOUND.
_NOT_FOUND = re.compile(r"Code: (599|605)\.")
#: BAD_ARGUMENTS, UNKNOWN_DISK, INVALID_CONFIG_PARAMETER, BACKUP_ALREADY_EXISTS, ACCESS_DENIED.
_TO_MEND = frozenset({36, 318, 479, 497, 598})


@dataclass(frozen=True, slots=True)
class Piece:
    """Tables that are copied at one time."""

    title: str
    tables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What a backup holds. `begun`: all that was noted as stored by then is in it, UTC. `bytes`: of what was copied."""

    name: str
    begun: datetime
    version: str
    tables: int
    bytes: int


def pieces(tables: Sequence[str]) -> tuple[Piece, ...]:
    """In the order of copying: notes, then what a refresh writes, the last first, then all else, the facts among it."""
    rest = [table for table in tables if table not in {*NOTES, "moves", "steps"}]
    wanted = (("notes", NOTES), ("moves", ("moves",)), ("steps", ("steps",)), ("rest", rest))
    return tuple(Piece(title, tuple(each for each in named if each in tables)) for title, named in wanted)


class Backups:
    """On a disk that ClickHouse's configuration names under `storage_configuration` and `backups.allowed_disk`.

    Raises `BackupError` with what to mend, and `Unavailable` while the database is away.
    """

    def __init__(
        self, database: Database, disk: str, on_piece: Callable[[str], object] = lambda title: None
    ) -> None:
        if database.embedded:
            raise BackupError(
                "the embedded store makes no backups while it runs: stop the worker and copy its folder"
            )
        self._database = database
        self._disk = disk
        self._on_piece = on_piece

    def create(self, name: str, base: str | None = None) -> BackedUp:
        """A whole backup under a new name. With `base`, only what that one lacks is copied, and both are needed."""
        _check_name(name)
        before = self._taken_out()
        begun = self._database.value("SELECT now64(3)").replace(tzinfo=UTC)
        todo, size = pieces(self._tables()), 0
        for piece in todo:
            self._on_piece(piece.title)
            size += self._copy(name, piece, base)
        if self._taken_out() != before:
            raise BackupError(
                f"backup {name} is not whole, as events were erased or forgotten while it was made: "
                "make another one under another name, and delete this one"
            )
        self._write_contents(todo, begun)
        try:
            # The last piece: without it nothing is restored.
            self._copy(name, Piece("whole", (_CONTENTS,)), None)
        finally:
            self._database.run(f"DROP TABLE IF EXISTS {_CONTENTS} SYNC")
        return BackedUp(name, begun, __version__, sum(len(piece.tables) for piece in todo), size)

    def restore(self, name: str) -> BackedUp:
        """Into the database that the settings name, which must be there and have no tables.

        Afterwards `prepare` makes views and landing tables, as in a new database.
        """
        _check_name(name)
        if there := self._tables():
            raise BackupError(
                f"the database has tables ({', '.join(there[:3])}, …): restore into a new one, "
                "and give it to the workers once it is current"
            )
        size = 0
        try:
            size += self._fetch(name, Piece("whole", (_CONTENTS,)))
            rows = self._database.rows(
                f"SELECT piece, groupArray(name), any(begun), any(version) FROM {_CONTENTS} GROUP BY piece"
            )
        finally:
            self._database.run(f"DROP TABLE IF EXISTS {_CONTENTS} SYNC")
        for title, tables, _, _ in rows:
            self._on_piece(title)
            size += self._fetch(name, Piece(title, tuple(tables)))
        self._forget_migrations()
        _, _, begun, version = rows[0]
        return BackedUp(name, begun.replace(tzinfo=UTC), version, sum(len(row[1]) for row in rows), size)

    def _tables(self) -> list[str]:
        return [table for (table,) in self._database.rows(statement("backed_up_tables"))]

    def _taken_out(self) -> tuple[object, ...]:
        """What changes whenever events are forgotten or somebody is erased."""
        (row,) = self._database.rows(statement("taken_out"))
        if row[0]:
            raise BackupError("events are being erased or forgotten: make the backup when that has ended")
        return tuple(row)

    def _copy(self, name: str, piece: Piece, base: str | None) -> int:
        tables = ", ".join(f"TABLE {table} AS {_DATABASE}.{table}" for table in piece.tables)
        settings = f" SETTINGS base_backup = {self._place(base, piece)}" if base else ""
        return self._carry_out(f"BACKUP {tables} TO {self._place(name, piece)}{settings} ASYNC")

    def _fetch(self, name: str, piece: Piece) -> int:
        here = f"`{self._database.value('SELECT currentDatabase()')}`"
        tables = ", ".join(f"TABLE {_DATABASE}.{table} AS {here}.{table}" for table in piece.tables)
        return self._carry_out(f"RESTORE {tables} FROM {self._place(name, piece)} ASYNC")

    def _place(self, name: str, piece: Piece) -> str:
        return f"Disk({text(self._disk)}, {text(f'{name}/{piece.title}')})"

    def _carry_out(self, asked: str) -> int:
        """Returns the bytes copied when the server has ended it, however long it takes."""
        try:
            ((number, _),) = self._database.rows(asked)
        except DatabaseError as error:
            if error.code in _TO_MEND:
                raise BackupError(_told(str(error))) from error
            raise
        while True:
            ((status, reason, size),) = self._database.rows(statement("backup_status"), id=number)
            if status in ("BACKUP_CREATED", "RESTORED"):
                return int(size)
            if status not in ("CREATING_BACKUP", "RESTORING"):
                raise BackupError(_told(reason))
            time.sleep(_LOOK_EVERY_SECONDS)

    def _write_contents(self, todo: Sequence[Piece], begun: datetime) -> None:
        self._database.run(f"DROP TABLE IF EXISTS {_CONTENTS} SYNC")
        self._database.run(
            f"CREATE TABLE {_CONTENTS} (piece String, name String, begun DateTime64(3, 'UTC'), version String)"
            " ENGINE = MergeTree ORDER BY (piece, name)"
        )
        rows = [[piece.title, table, begun, __version__] for piece in todo for table in piece.tables]
        self._database.insert(_CONTENTS, ["piece", "name", "begun", "version"], rows)

    def _forget_migrations(self) -> None:
        """All are applied again, which makes the views and changes no table. Raises `MigrationError`."""
        applied = self._database.rows("SELECT number, title, checksum FROM migrations ORDER BY number")
        pending([(number, title, checksum) for number, title, checksum in applied], migrations())
        self._database.run("TRUNCATE TABLE migrations")


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise BackupError(f"{name!r} is no name of a backup: expected letters, digits, '.', '_' and '-'")


def _told(reason: str) -> str:
    """ClickHouse's reason in one line, and what it means."""
    text = reason.partition(", Stack trace")[0].splitlines()[0] if reason else "ClickHouse gave no reason"
    return f"there is no such backup, or it is not whole: {text}" if _NOT_FOUND.search(text) else text
