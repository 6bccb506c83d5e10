"""All that is told of one indicator in one area on one day, fetched and put into words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bewithu.board.agencies import sort_of
from bewithu.board.alert_data import GOES_ON, AlertsWanted
from bewithu.board.asked import Asked
from bewithu.board.bars import Bars, bars
from bewithu.board.cards import DAYS, Card, card
from bewithu.board.comparison import Comparison, compared_areas, comparison
from bewithu.board.data import AgencyInfo, BoardData, IndicatorInfo, Point, Value
from bewithu.board.definition import Fact, definition_facts
from bewithu.board.feeds import Feeds, feeds
from bewithu.board.figures import Figure, figure, suppressed_note
from bewithu.board.labels import unit_label
from bewithu.board.open_alerts import LISTED, AlertLines, alert_lines
from bewithu.board.origin import Part, parts_of
from bewithu.board.words import Words

#: Of an area: its alerts of all indicators, among which are those of this one.
_MOST_ALERTS = 200


@dataclass(frozen=True, slots=True)
class Shown:
    """The numbers behind the page, as they are told: what its file has."""

    trend: Sequence[Point]
    breakdown: Sequence[Value]
    areas: Sequence[Value]


@dataclass(frozen=True, slots=True)
class DayRow:
    """A day of the trend."""

    day: str
    date: date
    figure: Figure


@dataclass(frozen=True, slots=True)
class IndicatorPage:
    """`note`: why numbers are hidden. `has_hidden`: one on this page is. `delay`: how long a value is provisional.
    `parts`: how the figure of a chosen day came about; it costs more than all the rest of the page, so where none is
    chosen it is a link away, None here. `explained`: (day as written, as in addresses) of the newest complete figure.
    """

    asked: Asked
    day: str
    now: str
    card: Card
    unit: str
    note: str
    has_hidden: bool
    delay: str
    rows: tuple[DayRow, ...]
    bars: tuple[Bars, ...]
    comparison: Comparison
    facts: tuple[Fact, ...]
    explained: tuple[str, str]
    parts: tuple[Part, ...] | None
    feeds: Feeds
    alerts: AlertLines


def read_shown(data: BoardData, asked: Asked) -> Shown:
    """Raises `Unavailable` when the store does not answer."""
    id_, code, day = asked.view.indicator.id, asked.view.area.code, asked.view.day
    return Shown(
        trend=data.trend(id_, code, day - timedelta(days=DAYS - 1), day),
        breakdown=data.breakdown(id_, code, day),
        areas=data.in_areas(id_, compared_areas(asked.view.area), day),
    )


def build_indicator_page(data: BoardData, asked: Asked) -> IndicatorPage:
    """Asks the store for all that the page needs. Raises `Unavailable` when it does not answer."""
    view, words, info = asked.view, asked.words, asked.view.indicator
    code, day = view.area.code, view.day
    shown = read_shown(data, asked)
    value = next(each for each in shown.areas if each.area == code)
    is_chosen = "day" in view.chosen
    # Of the newest day nothing can have come late yet: the newest that is complete tells more.
    explained = day if is_chosen else day - timedelta(days=info.delay_days)
    rows = tuple(_row(point, info, words) for point in reversed(shown.trend))
    broken_down = bars(shown.breakdown, info, words)
    here = comparison(shown.areas, info, view.area, words)
    figures = [
        *(row.figure for row in rows),
        *(bar.figure for group in broken_down for bar in group.bars),
        *(row.figure for row in here.rows),
    ]
    alerts = data.alerts(AlertsWanted(code, GOES_ON), _MOST_ALERTS)
    own_alerts = [each for each in alerts if each.indicator == info.id][: LISTED + 1]
    publishers = [each for each in data.agencies() if _publishes(each, info)]
    return IndicatorPage(
        asked=asked,
        day=words.day(day, "full"),
        now=words.clock_time(asked.now),
        card=card(info, value, shown.trend, words, round_axis=True),
        unit=unit_label(info.unit, words),
        note=suppressed_note(info, words),
        has_hidden=any(each.state == "suppressed" for each in figures),
        delay=words.ngettext("%(count)s day", "%(count)s days", info.delay_days),
        rows=rows,
        bars=broken_down,
        comparison=here,
        facts=definition_facts(data.definition(info.id), info, asked.by_id, words),
        explained=(words.day(explained), explained.isoformat()),
        parts=parts_of(data.origins(info.id, code, day), asked.by_id, view, words) if is_chosen else None,
        feeds=feeds(publishers, view.area, asked.now, words),
        alerts=alert_lines(own_alerts, asked.by_id, asked.now, words),
    )


def _row(point: Point, info: IndicatorInfo, words: Words) -> DayRow:
    told = Value(info.id, "", "", point.day, point.value, point.suppressed, point.provisional)
    return DayRow(words.day(point.day, "medium"), point.day, figure(told, info, words))


def _publishes(agency: AgencyInfo, info: IndicatorInfo) -> bool:
    """A publisher is an agency, or all of a sort (`cpas`, `edu`)."""
    sort = sort_of(agency.agency) or agency.agency.partition("-")[0]
    return agency.agency in info.publishers or sort in info.publishers
