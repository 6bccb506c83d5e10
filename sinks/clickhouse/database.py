"""One connection to ClickHouse, the server over HTTP or `chdb` in this process, behind the same few calls."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import (
    ClickHouseError,
    DatabaseError,
    OperationalError,
    ProgrammingError,
)
from clickhouse_connect.driver.insert import InsertContext

from bewithu.errors import DataRefused, Unavailable

T = TypeVar("T")

#: Stated, not inherited: a server's age must not change what an insert means (see docs/decisions).
INSERT_SETTINGS: Mapping[str, Any] = {
    "async_insert": 0,
    "insert_deduplicate": 0,
    "deduplicate_blocks_in_dependent_materialized_views": 0,
    "materialized_views_ignore_errors": 0,
    "fsync_metadata": 1,
    "max_insert_block_size": 1_048_576,
    "min_insert_block_size_rows": 1_048_576,
    "min_insert_block_size_bytes": 1 << 30,
}

AVRO_SETTINGS: Mapping[str, Any] = {
    **INSERT_SETTINGS,
    # An older writer's schema may lack a later optional field; the contract check refuses any other lack.
    "input_format_avro_allow_missing_fields": 1,
    "input_format_null_as_default": 0,
}

#: ClickHouse's error codes that speak of the data in an insert, not of the server's state.
_DATA_ERRORS = frozenset(
    {6, 26, 27, 33, 38, 41, 53, 69, 70, 72, 117, 131, 321, 349, 376, 407, 441, 469, 675, 691, 1001}
)

#: Codes that speak of the server's state, which passes: time-outs, network, memory, disk, overload, cancelled, too
#: many queries or parts. An error without any code comes from something in between, such as a load balancer.
_STATE_ERRORS = frozenset(
    {None, 159, 160, 202, 203, 209, 210, 236, 241, 242, 243, 252, 319, 394, 439, 473, 745}
)


class Database:
    """Runs statements with bound parameters. Safe to share between threads: one call at a time.

    Every failure to reach the engine is raised as `Unavailable`; damaged data in an insert as `DataRefused`.
    """

    def __init__(self, connect: Callable[[], Client], name: str) -> None:
        self._connect = connect
        self._client: Client | None = None
        self._lock = threading.Lock()
        self._contexts: dict[tuple[str, tuple[str, ...]], InsertContext] = {}
        self.name = name

    @classmethod
    def at(cls, url: str, password: str | None = None, timeout_seconds: int = 300) -> Database:
        """`chdb:///folder`, `http://[user@]host:port/database` or `https://…`; connects on first use."""
        parts = urlsplit(url)
        if parts.scheme == "chdb":
            folder = Path(f"{parts.netloc}{parts.path}").absolute()
            return cls(lambda: _embedded(folder), f"chdb at {folder}")
        return cls(
            lambda: clickhouse_connect.get_client(
                host=parts.hostname,
                port=parts.port,
                username=parts.username or "default",
                password=password or parts.password or "",
                database=parts.path.strip("/") or "default",
                secure=parts.scheme == "https",
                autogenerate_session_id=False,
                query_retries=0,
                send_receive_timeout=timeout_seconds,
            ),
            f"ClickHouse at {parts.hostname}:{parts.port}",
        )

    def rows(self, statement: str, **parameters: Any) -> Sequence[Sequence[Any]]:
        """The result's rows."""
        return self._run(lambda client: client.query(statement, parameters=parameters).result_rows)

    def value(self, statement: str, **parameters: Any) -> Any:
        """The first column of the only row."""
        ((value, *_),) = self.rows(statement, **parameters)
        return value

    def run(self, statement: str, **parameters: Any) -> None:
        """A statement without a result: DDL, or an INSERT … SELECT."""
        self._run(
            lambda client: client.command(statement, parameters=parameters, settings=dict(INSERT_SETTINGS))
        )

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """All rows in one block."""
        if rows:
            self._run(lambda client: client.insert(data=rows, context=self._context(client, table, columns)))

    def insert_avro(self, table: str, block: bytes) -> None:
        """An Avro object container file into `table`. Raises `DataRefused` when the block is damaged."""
        self._run(
            lambda client: client.raw_insert(
                table, insert_block=block, fmt="Avro", settings=dict(AVRO_SETTINGS)
            )
        )

    def close(self) -> None:
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None
                self._contexts.clear()

    def _context(self, client: Client, table: str, columns: Sequence[str]) -> InsertContext:
        """How to write these columns: asked of the server once, not for every insert."""
        key = (table, tuple(columns))
        if key not in self._contexts:
            self._contexts[key] = client.create_insert_context(
                table, column_names=columns, settings=dict(INSERT_SETTINGS)
            )
        return self._contexts[key]

    def _run(self, call: Callable[[Client], T]) -> T:
        with self._lock:
            try:
                return call(self._connected())
            except OperationalError as error:
                raise Unavailable(self.name, _innermost(error)) from error
            except DatabaseError as error:
                if _speaks_of_data(error):
                    raise DataRefused(str(error)) from error
                if error.code in _STATE_ERRORS:
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


def _innermost(error: BaseException) -> str:
    """What went wrong at the bottom, in one line that is the same at every try: no statement, no query id."""
    while deeper := error.__cause__ or error.__context__:
        error = deeper
    return (str(error) or type(error).__name__).splitlines()[0]


def _speaks_of_data(error: DatabaseError) -> bool:
    # chdb cannot always put a damaged datum's bytes into its message, and then says only that.
    return error.code in _DATA_ERRORS or isinstance(error.__cause__, UnicodeDecodeError)


def _embedded(folder: Path) -> Client:
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return clickhouse_connect.get_client(interface="chdb", path=str(folder))
    except ProgrammingError as error:
        detail = (
            "one process at a time can use it: stop the other one, or set BEWITHU_CLICKHOUSE__URL to a server"
        )
        raise Unavailable(f"chdb at {folder}", f"{_innermost(error)}; {detail}") from error


@cache
def statement(name: str) -> str:
    """The text of `sinks/clickhouse/sql/<name>.sql`."""
    return (files("sinks.clickhouse.sql") / f"{name}.sql").read_text("utf-8")
