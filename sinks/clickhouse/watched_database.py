"""A connection that remembers what failed, for the metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import monotonic
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


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended at the monotonic time `at`; `answered`: the server did what it was asked, or said why not."""

    at: float
    answered: bool


class WatchedDatabase(Database):
    """`errors`: how many calls failed, by kind. `last`: how the last call ended; None before the first one did."""

    def __init__(
        self, connect: Callable[[], Client], name: str, embedded: bool = False, cluster: Cluster | None = None
    ) -> None:
        super().__init__(connect, name, embedded, cluster)
        self.errors = Counter[ErrorKind]()
        self.last: Outcome | None = None

    def _run(self, call: Callable[[Client], T]) -> T:
        try:
            found = super()._run(call)
        except Unavailable as error:
            is_state = isinstance(error.__cause__, DatabaseError) and not isinstance(
                error.__cause__, OperationalError
            )
            self.errors["state" if is_state else "connection"] += 1
            self.last = Outcome(monotonic(), answered=False)
            raise
        except DatabaseError as error:
            self.errors["statement" if is_statement(error.code) else "data"] += 1
            self.last = Outcome(monotonic(), answered=True)
            raise
        self.last = Outcome(monotonic(), answered=True)
        return found


def answers(databases: Iterable[WatchedDatabase]) -> bool:
    """What the newest call of all connections to one server says of it; yes before any was made.

    Not of each: on a connection that is rarely used one failure would stand long after the server is back.
    """
    ends = [database.last for database in databases if database.last]
    return max(ends, key=lambda each: each.at).answered if ends else True
