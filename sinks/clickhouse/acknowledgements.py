"""The append-only list of acknowledged alerts. Fits the Protocol `Acknowledgements` of `alerts.ports`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, fields
from datetime import UTC, datetime
from typing import Any

from schemas.alerting import Acknowledgement
from sinks.clickhouse.alert_log import in_utc
from sinks.clickhouse.database import Database

_COLUMNS = [field.name for field in fields(Acknowledgement)]


class ClickHouseAcknowledgements:
    """Every call raises `Unavailable` while the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, acknowledgement: Acknowledgement) -> None:
        self._database.insert("acknowledgements", _COLUMNS, [astuple(acknowledgement)])

    def written(self, since: datetime) -> Sequence[Acknowledgement]:
        """All of alerts that began then or later, oldest first."""
        begun = since.astimezone(UTC).replace(tzinfo=None)
        return self._read("since >= {since:DateTime64(3, 'UTC')}", since=begun)

    def story(self, rule: str, area: str) -> Sequence[Acknowledgement]:
        """All of one rule in one area, oldest first."""
        return self._read("rule = {rule:String} AND area = {area:String}", rule=rule, area=area)

    def _read(self, condition: str, **parameters: Any) -> Sequence[Acknowledgement]:
        rows = self._database.rows(
            f"SELECT {', '.join(_COLUMNS)} FROM acknowledgements WHERE {condition} ORDER BY at, author, comment",
            **parameters,
        )
        return [Acknowledgement(*map(in_utc, row)) for row in rows]
