"""The store as monthly notes want it (bewithu/board/note_data.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from bewithu.board.alert_data import AlertInfo
from bewithu.board.data import Point, Value
from bewithu.fitting.board_alerts import BoardAlerts
from bewithu.fitting.cells import as_value, series
from schemas.areas import COUNTRY
from sinks.clickhouse.published import PublishedValues


class PublishedNotes:
    """Published values and alerts as known at a moment."""

    def __init__(self, published: PublishedValues, alerts: BoardAlerts) -> None:
        self._published = published
        self._alerts = alerts

    def series(
        self, indicators: Sequence[str], area: str, since: date, until: date, as_of: datetime
    ) -> Mapping[str, Sequence[Point]]:
        return series(self._published, indicators, area, since, until, as_of)

    def on_day(
        self, indicators: Sequence[str], areas: Sequence[str], day: date, as_of: datetime
    ) -> Sequence[Value]:
        return [as_value(cell) for cell in self._published.totals(indicators, areas, day, day, as_of)]

    def fed_since(
        self, indicators: Sequence[str], since: date, until: date, as_of: datetime
    ) -> Mapping[str, date]:
        found: dict[str, date] = {}
        for cell in self._published.totals(indicators, [COUNTRY], since, until, as_of):
            if cell.was_heard:
                found.setdefault(cell.indicator, cell.day)
        return found

    def alerts_told(
        self, area: str | None, since: datetime, until: datetime, as_of: datetime
    ) -> Sequence[AlertInfo]:
        return self._alerts.told(area, since, until, as_of)
