"""How the store itself does: its version, clock, parts, mutations and replicas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sinks.clickhouse.database import Database, statement


@dataclass(frozen=True, slots=True)
class Server:
    """`seconds`: its clock, since 1970."""

    version: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Replica:
    """A table of one that is not well."""

    table: str
    is_readonly: bool
    delay_seconds: int
    replicas: int
    active: int


class Condition:
    """Every call raises `Unavailable` while the store is away, or its user may not ask."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def server(self) -> Server:
        ((version, milliseconds),) = self._database.rows(
            "SELECT version(), toUnixTimestamp64Milli(now64(3, 'UTC'))"
        )
        return Server(version, milliseconds / 1000)

    def most_parts(self) -> tuple[str, int]:
        """The table with the most parts in one partition, and how many."""
        rows = self._database.rows(statement("parts_count"))
        return (str(rows[0][0]), int(rows[0][1])) if rows else ("", 0)

    def stuck_mutations(self) -> Sequence[tuple[str, str, bool]]:
        """Table, the mutation's id, and whether it fails: its words are left out."""
        rows = self._database.rows(statement("stuck_mutations"))
        return [(str(table), str(mutation), bool(fails)) for table, mutation, fails in rows]

    def lagging(self) -> Sequence[Replica]:
        return [
            Replica(str(table), bool(readonly), int(delay), int(total), int(active))
            for table, readonly, delay, total, active in self._database.rows(statement("lagging_replicas"))
        ]
