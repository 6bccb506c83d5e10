"""A connection that remembers what failed, for the metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final, Literal, TypeVar, get_args

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError

from bewithu.errors import Unavailable
from sinks.clickhouse.cluster import Cluster
from sinks.clickhouse.database import Database
from sinks.clickhouse.error_codes import is_statement

T = TypeVar("T")

#: No answer; the server's state (a full disk, too much load); a statement of ours; the data that were given.
ErrorKind = Literal["connection", "state", "statement", "data"]
ERROR_KINDS: Final[tuple[ErrorKind, ...]] = get_args(ErrorKind)


class WatchedDatabase(Database):
    """`errors`: how many calls failed, by kind. `answers`: whether the last call was answered, an error or not."""

    def __init__(
        self, connect: Callable[[], Client], name: str, embedded: bool = False, cluster: Cluster | None = None
    ) -> None:
        super().__init__(connect, name, embedded, cluster)
        self.errors = Counter[ErrorKind]()
        self.answers = True

    def _run(self, call: Callable[[Client], T]) -> T:
        try:
            found = super()._run(call)
        except Unavailable as error:
            is_state = isinstance(error.__cause__, DatabaseError) and not isinstance(
                error.__cause__, OperationalError
            )
            self.errors["state" if is_state else "connection"] += 1
            self.answers = False
            raise
        except DatabaseError as error:
            self.errors["statement" if is_statement(error.code) else "data"] += 1
            self.answers = True
            raise
        self.answers = True
        return found
