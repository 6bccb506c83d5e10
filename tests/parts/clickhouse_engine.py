"""ClickHouse's own engine (chdb), answering one HTTP request's statement at a time."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import chdb

from tests.parts.sql_text import InsertWithData, output_format, split_insert

DEFAULT_FORMAT = "TabSeparated"
WITH_NAMES = "TabSeparatedWithNames"
UNKNOWN_EXCEPTION = 1002
_CODE = re.compile(r"Code: (\d+)\.")
_SETTING_NAME = re.compile(r"\w+")
#: A disk for backups, as operators configure it.
_BACKUPS = Path(__file__).parents[2] / "deploy" / "backups.xml"


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement with all that the request says about it."""

    text: bytes
    database: str
    settings: Mapping[str, str]
    parameters: Mapping[str, str]
    default_format: str
    read_only: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """A result's bytes; `format` is None where there is no result set; `summary` has ClickHouse's keys."""

    body: bytes
    format: str | None
    summary: Mapping[str, str]


class StatementError(Exception):
    """ClickHouse refused the statement; `code` is its error code, the text is ClickHouse's own."""

    def __init__(self, message: str) -> None:
        found = _CODE.search(message)
        super().__init__(message[found.start() :] if found else message)
        self.code = int(found.group(1)) if found else UNKNOWN_EXCEPTION


class Engine:
    """One chdb engine on a folder (a process can have only one), with a new connection for each statement.

    `backups` is the folder of its disk `backups`; without it there is no such disk.
    """

    def __init__(self, folder: Path, backups: Path | None = None) -> None:
        self._data = str(folder / "data")
        if backups is not None:
            configuration = folder / "backups.xml"
            configuration.write_text(_BACKUPS.read_text("utf-8").replace("/backups/", f"{backups}/"))
            self._data += f"?config-file={configuration}"
        self._uploads = folder / "uploads"
        self._uploads.mkdir(parents=True, exist_ok=True)
        for left_by_a_killed_process in self._uploads.iterdir():
            left_by_a_killed_process.unlink()
        # The engine lives as long as a connection does: this one keeps it between statements.
        self._first = _connect(self._data)
        answer: bytes = self._first.query("SELECT version(), timezone()", "TabSeparatedRaw").bytes()
        self.version, self.timezone = answer.decode().strip().split("\t")

    def close(self) -> None:
        self._first.close()

    def run(self, statement: Statement) -> Answer:
        """Run the statement as in a session of its own. Raises StatementError. Safe in several threads."""
        try:
            with closing(_connect(self._data)) as connection:
                _prepare(connection, statement)
                insert = split_insert(statement.text)
                if insert is not None:
                    return self._insert(connection, insert, statement)
                return _select_or_command(connection, statement)
        except RuntimeError as error:  # what connections raise; `chdb.ChdbError` is an unrelated class
            raise StatementError(str(error)) from error
        except UnicodeDecodeError as error:
            # chdb cannot put the bytes of damaged data into its message; a server can, and says INCORRECT_DATA.
            raise StatementError(f"Code: 117. DB::Exception: {error.reason}. (INCORRECT_DATA)") from error

    def _insert(self, connection: Any, insert: InsertWithData, statement: Statement) -> Answer:
        # chdb takes text only; binary data reach it as a file.
        with tempfile.NamedTemporaryFile(dir=self._uploads) as upload:
            upload.write(insert.data)
            upload.flush()
            result = connection.query(
                insert.from_file(upload.name), DEFAULT_FORMAT, params=dict(statement.parameters)
            )
        return Answer(b"", None, _summary(result))


def _connect(data: str) -> Any:
    return chdb.connect(data)  # type: ignore[no-untyped-call]


def _prepare(connection: Any, statement: Statement) -> None:
    if statement.database:
        quoted = statement.database.replace("\\", "\\\\").replace("`", "\\`")
        connection.query(f"USE `{quoted}`", DEFAULT_FORMAT)
    settings = dict(statement.settings)
    if statement.read_only:
        settings["readonly"] = "2"
    if settings:
        # `readonly` last: nothing can be set after it
        parts = sorted((name == "readonly", _assignment(name, value)) for name, value in settings.items())
        connection.query("SET " + ", ".join(assignment for _, assignment in parts), DEFAULT_FORMAT)


def _assignment(name: str, value: str) -> str:
    if not _SETTING_NAME.fullmatch(name):
        raise StatementError(f"Code: 115. DB::Exception: Unknown setting '{name}'. (UNKNOWN_SETTING)")
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"{name} = '{escaped}'"


def _select_or_command(connection: Any, statement: Statement) -> Answer:
    asked = output_format(statement.text) or statement.default_format
    # ClickHouse names the format of every result set, even an empty one, and of nothing else. Only the line
    # of column names tells the two apart here.
    used = WITH_NAMES if asked in (DEFAULT_FORMAT, "TSV") and not output_format(statement.text) else asked
    result = connection.query(statement.text, used, params=dict(statement.parameters))
    body: bytes = result.bytes() or b""
    if used == WITH_NAMES != asked:
        names, _, rows = body.partition(b"\n")
        return Answer(rows, asked if names else None, _summary(result))
    has_result = bool(body) or output_format(statement.text) is not None
    return Answer(body, asked if has_result else None, _summary(result))


def _summary(result: Any) -> Mapping[str, str]:
    return {
        "read_rows": str(result.storage_rows_read()),
        "read_bytes": str(result.storage_bytes_read()),
        "written_rows": str(result.rows_written()),
        "written_bytes": str(result.bytes_written()),
        "result_rows": str(result.rows_read()),
        "elapsed_ns": str(int(result.elapsed() * 1_000_000_000)),
    }
