"""The append-only log of which alert transitions were published. Fits the Protocol `EventLog` of `alerts.ports`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from schemas.alerting import Transition
from sinks.clickhouse.alert_log import in_utc
from sinks.clickhouse.database import Database, statement


class ClickHouseEventLog:
    """Every call raises `Unavailable` while the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def unpublished(self, count: int) -> Sequence[Transition]:
        """The first `count` that are not noted, in the order of their alerts, each alert's by their number."""
        rows = self._database.rows(statement("alert_unpublished"), count=count)
        return tuple(Transition(*map(in_utc, row)) for row in rows)

    def note_published(self, ids: Sequence[str], at: datetime) -> None:
        """All of them, or none: they are one block of one insert."""
        self._database.insert("alert_events", ["transition", "at"], [(each, at) for each in ids])
