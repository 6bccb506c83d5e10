"""The store as the board wants it (bewithu/board/data.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from bewithu.board import data as board
from bewithu.board.alert_data import GOES_ON, AlertInfo, AlertStory, AlertsWanted
from bewithu.clock import Clock, brussels_day
from bewithu.fitting.board_alerts import BoardAlerts
from bewithu.fitting.cached import Cached
from bewithu.fitting.cells import as_value, series
from bewithu.fitting.notes import PublishedNotes
from bewithu.fitting.origins import origin
from schemas.areas import LANGUAGES, areas_of_level
from schemas.areas import Level as AreaLevel
from schemas.indicators import (
    Change,
    Completeness,
    Divergence,
    Duration,
    Flow,
    Freshness,
    Indicator,
    Indicators,
    Sum,
    span_of,
)
from sinks.clickhouse.bookkeeping import Bookkeeping
from sinks.clickhouse.explanation import Explanations
from sinks.clickhouse.published import Cell, PublishedValues
from sinks.indicators.disclosure import told_count, told_moment
from sinks.indicators.values import counted_sides

_WEEK = timedelta(days=7)
#: Longer than a week is no news.
_QUICK_DAYS = 7
#: What tells of the data, and what tells of a change by itself, does not move as a number of persons does.
_NO_NEWS = (Change, Completeness, Divergence, Freshness)


class PublishedBoard:
    """Published values, open alerts, feeds and refusals for the board and the API."""

    def __init__(
        self,
        published: PublishedValues,
        explanations: Explanations,
        bookkeeping: Bookkeeping,
        alerts: BoardAlerts,
        indicators: Indicators,
        clock: Clock,
        versions: Mapping[str, str],
    ) -> None:
        self._published = published
        self._explanations = explanations
        self._indicators = indicators
        self._bookkeeping = bookkeeping
        self._alerts = alerts
        self._notes = PublishedNotes(published, alerts)
        self._clock = clock
        self._versions = versions
        in_order = sorted(indicators.values(), key=lambda found: found.headline or len(indicators) + 1)
        self._infos = [_info(found) for found in in_order]
        self._headline = [info.id for info in self._infos if info.headline]
        self._quick = {
            found.id: found.usual_delay_days
            for found in in_order
            if found.usual_delay_days <= _QUICK_DAYS
            and not isinstance(found, _NO_NEWS)
            and not _restarts(found)
        }
        self._status = Cached(self._read_status, 1.0)
        self._agencies = Cached(self._read_agencies, 2.0)

    def indicators(self) -> Sequence[board.IndicatorInfo]:
        return self._infos

    def latest_day(self) -> date:
        return brussels_day(self._clock.now())

    def value(self, indicator: str, area: str, day: date, as_of: datetime | None = None) -> board.Value:
        (value,) = self._values([indicator], [area], day, as_of)
        return value

    def headline(self, area: str, day: date) -> Sequence[board.Value]:
        return self._values(self._headline, [area], day)

    def definition(self, indicator: str) -> Indicator:
        return self._indicators[indicator]

    def in_areas(self, indicator: str, areas: Sequence[str], day: date) -> Sequence[board.Value]:
        return self._values([indicator], areas, day)

    def news(self, area: str, day: date) -> Sequence[board.WeekApart]:
        latest = self.latest_day()
        complete = {name: min(day, latest - timedelta(days=delay)) for name, delay in self._quick.items()}
        if not complete:
            return []
        first = min(complete.values()) - _WEEK
        cells = {
            (cell.indicator, cell.day): cell
            for cell in self._published.totals(self._quick, [area], first, max(complete.values()))
        }
        pairs = [(cells[name, last], cells[name, last - _WEEK]) for name, last in complete.items()]
        return [
            board.WeekApart(as_value(now, _change(now, before)), as_value(before))
            for now, before in pairs
            if now.was_heard
        ]

    def trend(
        self, indicator: str, area: str, since: date, until: date, as_of: datetime | None = None
    ) -> Sequence[board.Point]:
        return series(self._published, [indicator], area, since, until, as_of)[indicator]

    def trends(self, area: str, since: date, until: date) -> Mapping[str, Sequence[board.Point]]:
        return series(self._published, self._headline, area, since, until)

    def by_area(
        self, indicator: str, level: str, day: date, as_of: datetime | None = None
    ) -> Sequence[board.Value]:
        codes = [area.code for area in areas_of_level(AreaLevel(level))]
        return self._values([indicator], codes, day, as_of)

    def breakdown(
        self, indicator: str, area: str, day: date, as_of: datetime | None = None
    ) -> Sequence[board.Value]:
        return [as_value(cell) for cell in self._published.breakdowns(indicator, area, day, as_of)]

    def origins(self, indicator: str, area: str, day: date) -> tuple[board.Origin, ...]:
        (cell,) = self._published.totals([indicator], [area], day, day)
        if cell.value is None:
            return ()
        sides = counted_sides([self._indicators[indicator]], self._indicators)
        return tuple(origin(side, self._explanations, area, day) for side in sides.values())

    def open_alerts(self, area: str | None, limit: int) -> Sequence[AlertInfo]:
        return self.alerts(AlertsWanted(area, GOES_ON), limit)

    def alerts(self, wanted: AlertsWanted, limit: int) -> Sequence[AlertInfo]:
        return self._alerts.find(wanted, limit)

    def alert(self, fingerprint: str) -> AlertStory | None:
        return self._alerts.story(fingerprint)

    def notes(self) -> PublishedNotes:
        return self._notes

    def agencies(self) -> Sequence[board.AgencyInfo]:
        return self._agencies.get()

    def quarantined(self, limit: int, agency: str | None, reason: str | None) -> Sequence[board.Refusal]:
        return [
            board.Refusal(
                found.topic,
                found.partition,
                found.offset,
                found.agency,
                found.reason,
                found.detail,
                found.known_at,
            )
            for found in self._bookkeeping.quarantined(limit, agency, reason)
        ]

    def status(self) -> board.Status:
        return self._status.get()

    def _values(
        self, indicators: Sequence[str], areas: Sequence[str], day: date, as_of: datetime | None = None
    ) -> list[board.Value]:
        cells = self._published.totals(indicators, areas, day - _WEEK, day, as_of)
        days = _WEEK.days + 1
        # Of each indicator and area a week, in one query: the first day and the last are looked at.
        pairs = zip(cells[::days], cells[days - 1 :: days], strict=True)
        return [
            as_value(now, None if _restarts(self._indicators[now.indicator]) else _change(now, earlier))
            for earlier, now in pairs
        ]

    def _read_status(self) -> board.Status:
        books = self._bookkeeping.books().while_storing()
        return board.Status(
            published=books.published,
            accepted=books.accepted + books.duplicates,
            quarantined=books.quarantined,
            duplicates=books.duplicates,
            last_refresh_at=self._bookkeeping.last_refresh(),
            lag=None,
            versions=self._versions,
        )

    def _read_agencies(self) -> list[board.AgencyInfo]:
        return [
            board.AgencyInfo(
                agency=feed.agency,
                last_event_at=told_moment(feed.recorded_at),
                last_seen_at=told_moment(feed.seen_at),
                # A small agency's events are single persons', and the board is asked every two seconds.
                accepted=told_count(feed.accepted, board.BATCH) or 0,
                refused=feed.refused,
                refusals=feed.refusals,
            )
            for feed in self._bookkeeping.feeds()
        ]


def _info(indicator: Indicator) -> board.IndicatorInfo:
    return board.IndicatorInfo(
        id=indicator.id,
        names={language: indicator.name.in_language(language) for language in LANGUAGES},
        explanations={language: indicator.explanation.in_language(language) for language in LANGUAGES},
        unit=indicator.unit,
        kind=indicator.kind,
        publishers=indicator.publishers,
        minimum_cell=indicator.minimum_cell,
        decimals=1 if indicator.unit in ("%", "‰") else 0,
        percent=indicator.unit == "%",
        headline=indicator.headline is not None,
        delay_days=indicator.usual_delay_days,
        round_to=indicator.round_to,
    )


def _restarts(indicator: Indicator) -> bool:
    """Counts from the beginning of a calendar week or month: a week before it was something else."""
    return isinstance(indicator, Flow | Sum | Duration) and span_of(indicator.window).unit in {
        "week",
        "month",
    }


def _change(cell: Cell, earlier: Cell) -> float | None:
    if cell.value is None or earlier.value is None:
        return None
    return cell.value - earlier.value
