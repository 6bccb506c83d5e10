"""Published cells as the board shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from bewithu.board.data import Point, Value
from sinks.clickhouse.published import Cell, PublishedValues


def as_value(cell: Cell, change_7d: float | None = None) -> Value:
    return Value(
        indicator=cell.indicator,
        area=cell.area,
        breakdown=cell.breakdown,
        day=cell.day,
        value=cell.value,
        suppressed=cell.suppressed,
        provisional=cell.provisional,
        known_at=cell.known_at,
        change_7d=change_7d,
    )


def series(
    published: PublishedValues,
    indicators: Sequence[str],
    area: str,
    since: date,
    until: date,
    as_of: datetime | None = None,
) -> Mapping[str, Sequence[Point]]:
    """By indicator, a point for each day."""
    found: dict[str, list[Point]] = {indicator: [] for indicator in indicators}
    for cell in published.totals(indicators, [area], since, until, as_of):
        found[cell.indicator].append(Point(cell.day, cell.value, cell.suppressed, cell.provisional))
    return found
