"""The room that the store has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sinks.clickhouse.database import Database

#: What has no size of its own says about this much.
_ENDLESS = 1 << 62


@dataclass(frozen=True, slots=True)
class Disk:
    """A disk of the server's own, in bytes."""

    name: str
    free: int
    size: int


def disks(database: Database) -> Sequence[Disk]:
    """Those that have a size of their own: an object store's has none. Raises `Unavailable`."""
    rows = database.rows(
        "SELECT name, free_space, total_space FROM system.disks WHERE NOT is_remote ORDER BY name"
    )
    return [Disk(*row) for row in rows if 0 < row[2] < _ENDLESS]
