"""The append-only list of silences. Fits the Protocol `Silences` of `alerts.ports`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, fields
from datetime import UTC, datetime

from schemas.alerting import Silence
from sinks.clickhouse.alert_log import in_utc
from sinks.clickhouse.database import Database

_COLUMNS = [field.name for field in fields(Silence)]


class ClickHouseSilences:
    """Every call raises `Unavailable` while the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, silence: Silence) -> None:
        self._database.insert("silences", _COLUMNS, [astuple(silence)])

    def written(self, since: datetime) -> Sequence[Silence]:
        """All that were written of the silences that had not ended by then."""
        rows = self._database.rows(
            f"SELECT {', '.join(_COLUMNS)} FROM silences"
            " WHERE id IN (SELECT id FROM silences WHERE ends > {since:DateTime64(3, 'UTC')}) ORDER BY at, id",
            since=since.astimezone(UTC).replace(tzinfo=None),
        )
        return [Silence(*map(in_utc, row)) for row in rows]
