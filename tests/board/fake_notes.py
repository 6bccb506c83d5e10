"""What the made-up board knew at any moment: the same as now; nothing had been heard before `FED_SINCE`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from bewithu.board import AlertInfo, Point, Value
from schemas.areas import is_within
from tests.board.fake_catalogue import ALERTS, NOW

if TYPE_CHECKING:
    from tests.board.fake_data import FakeBoardData

FED_SINCE: Final = date(2025, 9, 1)


@dataclass
class FakeNotes:
    """Asks the board that it belongs to."""

    board: FakeBoardData

    def series(
        self, indicators: Sequence[str], area: str, since: date, until: date, as_of: datetime
    ) -> Mapping[str, Sequence[Point]]:
        return {each: self.board.trend(each, area, since, until) for each in indicators}

    def on_day(
        self, indicators: Sequence[str], areas: Sequence[str], day: date, as_of: datetime
    ) -> Sequence[Value]:
        return [value for each in indicators for value in self._in_areas(each, areas, day)]

    def fed_since(
        self, indicators: Sequence[str], since: date, until: date, as_of: datetime
    ) -> Mapping[str, date]:
        return {each: max(since, FED_SINCE) for each in indicators if until >= FED_SINCE}

    def alerts_told(
        self, area: str | None, since: datetime, until: datetime, as_of: datetime
    ) -> Sequence[AlertInfo]:
        return [
            each
            for each in ALERTS
            if (area is None or is_within(each.area, area)) and each.since < until and each.since <= NOW
        ]

    def _in_areas(self, indicator: str, areas: Sequence[str], day: date) -> Sequence[Value]:
        return self.board.in_areas(indicator, areas, day)
