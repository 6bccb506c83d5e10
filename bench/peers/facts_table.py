"""Where the peers store their events: a plain table of the event's columns.

No rules, no quarantine, no duplicates removed, no flush to disk, and a sort key that costs little: what the
product does beyond this is extra work for it, so the comparison favours the peers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import clickhouse_connect

COLUMNS: Mapping[str, str] = {
    "event_id": "UUID",
    "revision": "Int32",
    "cancelled": "Bool",
    "agency": "LowCardinality(String)",
    "occurred_at": "DateTime64(3, 'UTC')",
    "recorded_at": "DateTime64(3, 'UTC')",
    "person": "Nullable(String)",
    "household": "Nullable(String)",
    "municipality": "LowCardinality(String)",
    "sex": "LowCardinality(String)",
    "age_group": "LowCardinality(String)",
    "status": "LowCardinality(String)",
    "reason": "LowCardinality(Nullable(String))",
    "nationality": "LowCardinality(Nullable(String))",
    "valid_until": "Nullable(Date32)",
}

STRUCTURE = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())

CREATE = f"CREATE TABLE facts ({STRUCTURE}) ENGINE = MergeTree ORDER BY (municipality, occurred_at)"

# An insert returns when its rows are stored, whatever the engine's default is.
SETTINGS = {"async_insert": 0}


class FactsTable:
    """The table in a ClickHouse of its own (chdb, in this process) at `path`. One thread at a time."""

    def __init__(self, path: Path) -> None:
        self._client = clickhouse_connect.get_client(interface="chdb", path=str(path))
        self._client.command(CREATE)
        self._warm_up()
        # As its documentation advises, one context for all inserts spares a query for the types each time.
        self._context = self._client.create_insert_context(
            "facts",
            list(COLUMNS),
            column_type_names=list(COLUMNS.values()),
            column_oriented=True,
            settings=SETTINGS,
        )

    def _warm_up(self) -> None:
        # The first insert loads pandas, for most of a second of CPU: a part of starting up, not of ingesting.
        self._client.command("CREATE TABLE warm_up (number Int32) ENGINE = Null")
        self._client.insert("warm_up", [[1]], ["number"])

    def insert(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Decoded events, logical types applied; returns when they are stored."""
        self._context.data = [[event[name] for event in events] for name in COLUMNS]
        self._client.insert(context=self._context)

    def insert_file(self, avro: Path) -> None:
        """The events of an Avro container file, read by ClickHouse itself."""
        self._client.command(
            f"INSERT INTO facts SELECT * FROM file('{avro}', 'Avro', {_quoted(STRUCTURE)})", settings=SETTINGS
        )

    def count(self) -> int:
        return int(self._client.query("SELECT count() FROM facts").result_rows[0][0])


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "\\'") + "'"
