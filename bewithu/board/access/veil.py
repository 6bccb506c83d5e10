"""What the board tells, less what its visitor may not see. A `BoardData` around another.

It reads who asks from the request that is being answered; where there is none, it tells nothing of any area.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from bewithu.board.access.guard import visitor
from bewithu.board.access.refused import NotAllowed
from bewithu.board.access.veiled_alerts import merged, shown_alert, shown_story
from bewithu.board.access.veiled_notes import VeiledNotes
from bewithu.board.access.visitor import NOBODY, What, decide, own_areas, sees_alert
from bewithu.board.agencies import municipality_of, sort_of
from bewithu.board.alert_data import AlertInfo, AlertStory, AlertsWanted
from bewithu.board.data import (
    BATCH,
    AgencyInfo,
    BoardData,
    IndicatorInfo,
    Origin,
    Point,
    Refusal,
    Status,
    Value,
    WeekApart,
)
from schemas.areas import COUNTRY, areas
from schemas.indicators import Indicator


class VeiledData:
    """Totals of areas that the visitor may not see are refused; of lists what is theirs is told, without a word of the
    rest. `asks`: whether there is a login."""

    def __init__(self, data: BoardData, *, asks: bool) -> None:
        self._data = data
        self._asks = asks

    def indicators(self) -> Sequence[IndicatorInfo]:
        return self._data.indicators()

    def definition(self, indicator: str) -> Indicator:
        return self._data.definition(indicator)

    def latest_day(self) -> date:
        return self._data.latest_day()

    def value(self, indicator: str, area: str, day: date, as_of: datetime | None = None) -> Value:
        self._require("totals", area)
        return self._data.value(indicator, area, day, as_of)

    def headline(self, area: str, day: date) -> Sequence[Value]:
        self._require("totals", area)
        return self._data.headline(area, day)

    def trend(
        self, indicator: str, area: str, since: date, until: date, as_of: datetime | None = None
    ) -> Sequence[Point]:
        self._require("totals", area)
        return self._data.trend(indicator, area, since, until, as_of)

    def trends(self, area: str, since: date, until: date) -> Mapping[str, Sequence[Point]]:
        self._require("totals", area)
        return self._data.trends(area, since, until)

    def by_area(
        self, indicator: str, level: str, day: date, as_of: datetime | None = None
    ) -> Sequence[Value]:
        found = self._data.by_area(indicator, level, day, as_of)
        return found if _may("details", COUNTRY) else [each for each in found if _may("totals", each.area)]

    def in_areas(self, indicator: str, areas: Sequence[str], day: date) -> Sequence[Value]:
        """Of those that the visitor may see."""
        return self._data.in_areas(indicator, [each for each in areas if _may("totals", each)], day)

    def news(self, area: str, day: date) -> Sequence[WeekApart]:
        self._require("totals", area)
        return self._data.news(area, day)

    def breakdown(
        self, indicator: str, area: str, day: date, as_of: datetime | None = None
    ) -> Sequence[Value]:
        """None where only totals are theirs to see."""
        self._require("totals", area)
        return self._data.breakdown(indicator, area, day, as_of) if _may("details", area) else ()

    def origins(self, indicator: str, area: str, day: date) -> tuple[Origin, ...]:
        self._require("totals", area)
        return self._data.origins(indicator, area, day) if _may("details", area) else ()

    def open_alerts(self, area: str | None, limit: int) -> Sequence[AlertInfo]:
        return self._alerts(area, limit, lambda each: self._data.open_alerts(each, limit))

    def alerts(self, wanted: AlertsWanted, limit: int) -> Sequence[AlertInfo]:
        return self._alerts(
            wanted.area, limit, lambda each: self._data.alerts(replace(wanted, area=each), limit)
        )

    def alert(self, fingerprint: str) -> AlertStory | None:
        """None also where it is not theirs to see: that there is such an alert is told to nobody else."""
        story = self._data.alert(fingerprint)
        if story is None or not sees_alert(visitor(), story.alert.area):
            return None
        return shown_story(story, visitor())

    def agencies(self) -> Sequence[AgencyInfo]:
        """National ones, and the local ones of areas that the visitor may see."""
        exact = _may("records", COUNTRY)
        found = [each for each in self._data.agencies() if _is_theirs(each.agency)]
        return found if exact else [_in_batches(each) for each in found]

    def quarantined(self, limit: int, agency: str | None, reason: str | None) -> Sequence[Refusal]:
        self._require("records", COUNTRY)
        return self._data.quarantined(limit, agency, reason)

    def status(self) -> Status:
        return self._data.status()

    def notes(self) -> VeiledNotes:
        return VeiledNotes(self._data.notes(), lambda area: self._require("totals", area))

    def _alerts(
        self, area: str | None, limit: int, find: Callable[[str | None], Sequence[AlertInfo]]
    ) -> Sequence[AlertInfo]:
        own = own_areas(visitor(), area or COUNTRY)
        found = [find(area)] if own == (area or COUNTRY,) else [find(each) for each in own]
        return [shown_alert(each, visitor()) for each in merged(found)[:limit]]

    def _require(self, what: What, area: str) -> None:
        decision = decide(visitor(), what, area)
        if not decision.allowed:
            raise NotAllowed(decision, asked=self._asks)


def _may(what: What, area: str) -> bool:
    return decide(visitor(), what, area).allowed


def _is_theirs(agency: str) -> bool:
    if visitor() == NOBODY:
        return False
    if sort_of(agency) is None:
        return True
    code = municipality_of(agency)
    return _may("details", code if code in areas() else COUNTRY)


def _in_batches(info: AgencyInfo) -> AgencyInfo:
    """One refused record is one event, and may be about one person."""
    refusals = {reason: _batches(count) for reason, count in info.refusals.items() if count >= BATCH}
    return replace(info, refused=_batches(info.refused), refusals=refusals, exact=False)


def _batches(count: int) -> int:
    return count - count % BATCH
