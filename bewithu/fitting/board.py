"""The store as the board wants it (bewithu/board/data.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

from alerts.ports import IndicatorText
from alerts.rules import Rule
from alerts.voice import voice
from alerts.wording import facts_of
from bewithu.board import data as board
from bewithu.clock import Clock, brussels_day
from bewithu.fitting.acknowledged import LookedAfter
from bewithu.fitting.alerting import indicator_texts
from bewithu.fitting.cached import Cached
from schemas.alerting import FIRING, OPEN, Acknowledgement, Transition
from schemas.areas import LANGUAGES, areas_of_level, is_within
from schemas.areas import Level as AreaLevel
from schemas.indicators import Counted, Indicator, Indicators
from sinks.clickhouse.bookkeeping import Bookkeeping
from sinks.clickhouse.explanation import Explanations
from sinks.clickhouse.published import Cell, PublishedValues
from sinks.indicators.disclosure import told_count
from sinks.indicators.values import counted_sides

_WEEK = timedelta(days=7)
_SEVERITIES = ("critical", "warning", "info")


class OpenAlerts(Protocol):
    """The newest transition of every alert."""

    def states(self) -> Sequence[Transition]: ...


class PublishedBoard:
    """Published values, open alerts, feeds and refusals for the board and the API."""

    def __init__(
        self,
        published: PublishedValues,
        explanations: Explanations,
        bookkeeping: Bookkeeping,
        alerts: OpenAlerts,
        looked_after: LookedAfter,
        indicators: Indicators,
        rules: Sequence[Rule],
        clock: Clock,
        versions: Mapping[str, str],
    ) -> None:
        self._published = published
        self._explanations = explanations
        self._indicators = indicators
        self._texts = indicator_texts(indicators)
        self._bookkeeping = bookkeeping
        self._alerts = alerts
        self._looked_after = looked_after
        self._rules = {rule.id: rule for rule in rules}
        self._clock = clock
        self._versions = versions
        in_order = sorted(indicators.values(), key=lambda found: found.headline or len(indicators) + 1)
        self._infos = [_info(found) for found in in_order]
        self._headline = [info.id for info in self._infos if info.headline]
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

    def trend(
        self, indicator: str, area: str, since: date, until: date, as_of: datetime | None = None
    ) -> Sequence[board.Point]:
        return [_point(cell) for cell in self._published.totals([indicator], [area], since, until, as_of)]

    def trends(self, area: str, since: date, until: date) -> Mapping[str, Sequence[board.Point]]:
        found: dict[str, list[board.Point]] = {indicator: [] for indicator in self._headline}
        for cell in self._published.totals(self._headline, [area], since, until):
            found[cell.indicator].append(_point(cell))
        return found

    def by_area(
        self, indicator: str, level: str, day: date, as_of: datetime | None = None
    ) -> Sequence[board.Value]:
        codes = [area.code for area in areas_of_level(AreaLevel(level))]
        return self._values([indicator], codes, day, as_of)

    def breakdown(
        self, indicator: str, area: str, day: date, as_of: datetime | None = None
    ) -> Sequence[board.Value]:
        return [_value(cell, None) for cell in self._published.breakdowns(indicator, area, day, as_of)]

    def origins(self, indicator: str, area: str, day: date) -> tuple[board.Origin, ...]:
        (cell,) = self._published.totals([indicator], [area], day, day)
        if cell.value is None:
            return ()
        sides = counted_sides([self._indicators[indicator]], self._indicators)
        return tuple(_origin(side, self._explanations, area, day) for side in sides.values())

    def open_alerts(self, area: str | None, limit: int) -> Sequence[board.AlertInfo]:
        found = [
            (rule, state)
            for state in self._alerts.states()
            if state.kind in OPEN
            and (area is None or is_within(state.area, area))
            and (rule := self._rules.get(state.rule))
        ]
        found.sort(key=lambda pair: pair[1].at, reverse=True)
        found.sort(key=lambda pair: (pair[1].kind == "pending", _SEVERITIES.index(pair[0].severity)))
        seen = self._looked_after.among([state for _, state in found[:limit]])
        return [
            alert_info(rule, state, seen.get((state.rule, state.area)), self._texts[rule.indicator])
            for rule, state in found[:limit]
        ]

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
        now = self._published.totals(indicators, areas, day, day, as_of)
        before = self._published.totals(indicators, areas, day - _WEEK, day - _WEEK, as_of)
        return [_value(cell, _change(cell, earlier)) for cell, earlier in zip(now, before, strict=True)]

    def _read_status(self) -> board.Status:
        books = self._bookkeeping.books()
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
                last_event_at=feed.recorded_at,
                last_seen_at=feed.seen_at,
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
    )


def _value(cell: Cell, change: float | None) -> board.Value:
    return board.Value(
        indicator=cell.indicator,
        area=cell.area,
        breakdown=cell.breakdown,
        day=cell.day,
        value=cell.value,
        suppressed=cell.suppressed,
        provisional=cell.provisional,
        known_at=cell.known_at,
        change_7d=change,
    )


def _origin(indicator: Counted, explanations: Explanations, area: str, day: date) -> board.Origin:
    return board.Origin(
        indicator.id,
        [board.Revision(each.known_on, each.value) for each in explanations.learned(indicator, area, day)],
        [
            board.Contributor(each.agency, each.events, each.corrected, each.first_day, each.last_day)
            for each in explanations.contributions(indicator, area, day)
        ],
    )


def _change(cell: Cell, earlier: Cell) -> float | None:
    if cell.value is None or earlier.value is None:
        return None
    return cell.value - earlier.value


def _point(cell: Cell) -> board.Point:
    return board.Point(cell.day, cell.value)


def alert_info(
    rule: Rule, state: Transition, seen: Acknowledgement | None, text: IndicatorText
) -> board.AlertInfo:
    """An open alert after its last step. `seen`: by whom it is acknowledged, by a name that everybody may read."""
    return board.AlertInfo(
        id=state.id,
        rule=state.rule,
        indicator=state.indicator,
        area=state.area,
        severity=rule.severity,
        state="firing" if state.kind in FIRING else "pending",
        since=state.since,
        value=state.value,
        threshold=state.threshold,
        summaries={
            language: rule.summary.filled(language, facts_of(state, text, voice(language)))
            for language in LANGUAGES
        },
        acknowledged_by=seen.author if seen else "",
        acknowledged_at=seen.at if seen else None,
    )
