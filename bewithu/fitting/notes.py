"""The store as monthly notes want it (bewithu/board/note_data.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from bewithu.board.alert_data import AlertInfo
from bewithu.board.data import Point, Value
from bewithu.fitting.board_alerts import BoardAlerts
from schemas.areas import COUNTRY
from sinks.clickhouse.published import Cell, PublishedValues


class PublishedNotes:
    """Published values and alerts as known at a moment."""

    def __init__(self, published: PublishedValues, alerts: BoardAlerts) -> None:
        self._published = published
        self._alerts = alerts

    def series(
        self, indicators: Sequence[str], area: str, since: date, until: date, as_of: datetime
    ) -> Mapping[str, Sequence[Point]]:
        found: dict[str, list[Point]] = {indicator: [] for indicator in indicators}
        for cell in self._published.totals(indicators, [area], since, until, as_of):
            found[cell.indicator].append(Point(cell.day, cell.value, cell.suppressed, cell.provisional))
        return found

    def on_day(
        self, indicators: Sequence[str], areas: Sequence[str], day: date, as_of: datetime
    ) -> Sequence[Value]:
        return [_value(cell) for cell in self._published.totals(indicators, areas, day, day, as_of)]

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


def _value(cell: Cell) -> Value:
    return Value(
        indicator=cell.indicator,
        area=cell.area,
        breakdown=cell.breakdown,
        day=cell.day,
        value=cell.value,
        suppressed=cell.suppressed,
        provisional=cell.provisional,
        known_at=cell.known_at,
    )
