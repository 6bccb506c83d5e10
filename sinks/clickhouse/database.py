"""One connection to ClickHouse, the server over HTTP or `chdb` in this process, behind the same few calls."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import clickhouse_connect
import polars as pl
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import (
    ClickHouseError,
    DatabaseError,
    OperationalError,
    ProgrammingError,
)
from clickhouse_connect.driver.insert import InsertContext

from bewithu.errors import DataRefused, LeadLost, Unavailable
from bewithu.settings import ClickHouse
from sinks.clickhouse.cluster import Cluster, cluster_of
from sinks.clickhouse.column_types import arrow_structure
from sinks.clickhouse.error_codes import is_state, is_statement
from sinks.clickhouse.literal import assignments, is_newest, text
from sinks.clickhouse.memory_file import memory_file
from sinks.clickhouse.server import connect, server_name
from sinks.clickhouse.stated_settings import INSERT_SETTINGS, STATEMENT_SETTINGS

T = TypeVar("T")

#: The last bytes of an Arrow stream that is whole.
_END_OF_STREAM = bytes.fromhex("ffffffff00000000")


class Database:
    """Runs statements with bound parameters. Safe to share between threads: one call at a time.

    Every failure to reach the engine is raised as `Unavailable`; damaged data in an insert as `DataRefused`.
    """

    def __init__(
        self, connect: Callable[[], Client], name: str, embedded: bool = False, cluster: Cluster | None = None
    ) -> None:
        self._connect = connect
        self.embedded = embedded
        self.cluster = cluster
        # The embedded engine has them for the whole connection: with a statement they would cost twenty more.
        self._insert_settings = (
            {} if embedded else {**INSERT_SETTINGS, **(cluster.settings if cluster else {})}
        )
        self._client: Client | None = None
        self._lock = threading.Lock()
        self._contexts: dict[tuple[str, tuple[str, ...], bool], InsertContext] = {}
        self.name = name

    @classmethod
    def at(cls, url: str) -> Self:
        """As `of`, with nothing but an address."""
        return cls.of(ClickHouse(url=url))

    @classmethod
    def of(cls, settings: ClickHouse) -> Self:
        """`chdb:///folder`, `http://host:port/database` or `https://…`; connects on first use."""
        parts = urlsplit(settings.url)
        if parts.scheme == "chdb":
            folder = Path(f"{parts.netloc}{parts.path}").absolute()
            return cls(lambda: _embedded(folder), f"chdb at {folder}", embedded=True)
        return cls(lambda: connect(settings), server_name(settings), cluster=cluster_of(settings))

    def rows(self, statement: str, **parameters: Any) -> Sequence[Sequence[Any]]:
        """The result's rows."""
        return self._run(lambda client: client.query(statement, parameters=parameters).result_rows)

    def frame(self, statement: str, **parameters: Any) -> pl.DataFrame:
        """The result's rows by columns. LowCardinality and Enum must be cast to String."""
        # A server keeps the answer until it is complete: an error must not come behind half of it.
        settings = {} if self.embedded else {"wait_end_of_query": 1}
        answer = self._run(
            lambda client: client.raw_query(
                statement, parameters=parameters, fmt="ArrowStream", settings=settings
            )
        )
        if not answer.endswith(_END_OF_STREAM):
            raise Unavailable(self.name, f"its answer broke off after {len(answer)} bytes")
        return pl.read_ipc_stream(io.BytesIO(answer))

    def value(self, statement: str, **parameters: Any) -> Any:
        """The first column of the only row."""
        ((value, *_),) = self.rows(statement, **parameters)
        return value

    def run(self, statement: str, **parameters: Any) -> None:
        """A statement without a result: DDL, or an INSERT … SELECT."""
        self._run(
            lambda client: client.command(statement, parameters=parameters, settings=self._insert_settings)
        )

    def define(self, statement: str) -> None:
        """DDL for one server; where there is a cluster, all of its replicas carry it out."""
        self.run(self.cluster.ddl(statement) if self.cluster else statement)

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """All rows in one block."""
        if rows:
            self._run(lambda client: client.insert(data=rows, context=self._context(client, table, columns)))

    def insert_columns(self, table: str, names: Sequence[str], columns: Sequence[Sequence[Any]]) -> None:
        """All rows in one block, given by columns."""
        if columns and columns[0]:
            self._run(
                lambda client: client.insert(
                    data=columns, context=self._context(client, table, names, by_columns=True)
                )
            )

    def insert_frame(self, table: str, frame: pl.DataFrame, term: int | None = None) -> None:
        """All rows in one block; columns by their names. Does nothing when there are none.

        With a `term`, a server stores them only while that is the newest one (sinks/clickhouse/terms.py), and
        `LeadLost` is raised when it is not.
        """
        if not len(frame):
            return
        block = io.BytesIO()
        frame.write_ipc_stream(block)
        into = _into(table, frame, None if self.embedded else term)
        summary = self._run(
            lambda client: client.raw_insert(
                into, insert_block=block.getvalue(), fmt="ArrowStream", settings=self._insert_settings
            )
        )
        if term is not None and _written(summary) == 0:
            raise LeadLost("another leader's term has begun: nothing was written")
        self._require_all(summary, len(frame))

    def insert_avro(self, table: str, block: bytes) -> None:
        """An Avro object container file into `table`. Raises `DataRefused` when the block is damaged."""
        self._run_insert(
            lambda client: client.raw_insert(
                table, insert_block=block, fmt="Avro", settings=self._insert_settings
            )
        )

    def insert_avro_select(
        self,
        into: str,
        structure: str,
        pieces: Sequence[bytes | memoryview],
        rows: int,
        settings: Mapping[str, Any],
    ) -> None:
        """`INSERT INTO <into> <source>`: `into` ends in FROM, the source is an Avro file given in pieces.

        `structure` names the columns that the file is read as; `rows` is how many it has. Raises `DataRefused`
        when the file is damaged.
        """
        if not self.embedded:
            given = {**self._insert_settings, **settings}
            source = f"input({text(structure)})"
            block = b"".join(pieces)
            summary = self._run_insert(
                lambda client: client.raw_insert(
                    f"{into} {source}", insert_block=block, fmt="Avro", settings=given
                )
            )
            self._require_all(summary, rows)
            return
        with memory_file(pieces) as path:
            source = f"file({text(path)}, 'Avro', {text(structure)})"
            statement = f"INSERT INTO {into} {source} SETTINGS {assignments(settings)}"
            self._run_insert(lambda client: client.command(statement))

    def close(self) -> None:
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None
                self._contexts.clear()

    def _context(
        self, client: Client, table: str, columns: Sequence[str], by_columns: bool = False
    ) -> InsertContext:
        """How to write these columns: asked of the server once, not for every insert."""
        key = (table, tuple(columns), by_columns)
        if key not in self._contexts:
            self._contexts[key] = client.create_insert_context(
                table, column_names=columns, column_oriented=by_columns, settings=self._insert_settings
            )
        return self._contexts[key]

    def _require_all(self, summary: Any, rows: int) -> None:
        """A proxy or a server that ran the statement without its data must not pass for one that stored them."""
        written = _written(summary)
        if written is not None and written < rows:
            raise Unavailable(self.name, f"it took {written} of {rows} rows of an insert")

    def _run_insert(self, call: Callable[[Client], T]) -> T:
        """An insert of events: whatever the server's state does not explain is their fault.

        An error that nobody thought of must not stop a partition, and who is blamed wrongly can be replayed from the
        quarantine.
        """
        try:
            return self._run(call)
        except DatabaseError as error:
            if is_statement(error.code):
                raise
            raise DataRefused(str(error)) from error

    def _run(self, call: Callable[[Client], T]) -> T:
        with self._lock:
            try:
                return call(self._connected())
            except OperationalError as error:
                raise Unavailable(self.name, _innermost(error)) from error
            except DatabaseError as error:
                if is_state(error.code, str(error)) and not _is_unspeakable(error):
                    raise Unavailable(self.name, _innermost(error)) from error
                raise
            except (ClickHouseError, OSError) as error:
                raise Unavailable(self.name, _innermost(error)) from error

    def _connected(self) -> Client:
        """A wrong password, a missing database or a folder in use is no fault of the data: wait, and say so."""
        if self._client is None:
            try:
                self._client = self._connect()
            except DatabaseError as error:
                raise Unavailable(self.name, _innermost(error)) from error
        return self._client


def _into(table: str, frame: pl.DataFrame, term: int | None) -> str:
    columns = ", ".join(frame.columns)
    if term is None:
        return f"{table} ({columns})"
    source = f"input({text(arrow_structure(frame.schema))})"
    return f"{table} ({columns}) SELECT {columns} FROM {source} WHERE {is_newest(term)}"


def _written(summary: Any) -> int | None:
    """The rows that an insert stored, where the engine says so."""
    written = getattr(summary, "summary", {}).get("written_rows")
    return None if written is None else int(written)


def _innermost(error: BaseException) -> str:
    """What went wrong at the bottom, in one line that is the same at every try: no statement, no query id."""
    while deeper := error.__cause__ or error.__context__:
        error = deeper
    return (str(error) or type(error).__name__).splitlines()[0]


def _is_unspeakable(error: DatabaseError) -> bool:
    """chdb cannot always put a damaged datum's bytes into its message, and then says only that."""
    return isinstance(error.__cause__, UnicodeDecodeError)


def _embedded(folder: Path) -> Client:
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return clickhouse_connect.get_client(
            interface="chdb", path=str(folder), settings={**STATEMENT_SETTINGS, **INSERT_SETTINGS}
        )
    except (ImportError, ProgrammingError) as error:
        taken = "one process at a time can use it: stop the other one"
        cure = "install it" if isinstance(error, ImportError) else taken
        detail = f"{_innermost(error)}; {cure}, or set BEWITHU_CLICKHOUSE__URL to a server"
        raise Unavailable(f"chdb at {folder}", detail) from error


@cache
def statement(name: str) -> str:
    """The text of `sinks/clickhouse/sql/<name>.sql`."""
    return (files("sinks.clickhouse.sql") / f"{name}.sql").read_text("utf-8")
