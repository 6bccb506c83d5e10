"""Everything that the page shows, fetched and put into words: the templates only lay it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bewithu.board.bars import Bars, bars
from bewithu.board.cards import DAYS, Card, card
from bewithu.board.data import BoardData, IndicatorInfo, Point, Status, Value
from bewithu.board.feeds import Feeds, feeds
from bewithu.board.figures import suppressed_note
from bewithu.board.labels import unit_label
from bewithu.board.open_alerts import LISTED, AlertLines, alert_lines
from bewithu.board.places import Places, places
from bewithu.board.view import View
from bewithu.board.words import Words
from schemas.areas import COUNTRY, Level


@dataclass(frozen=True, slots=True)
class Counts:
    """What came of the records, as written numbers; empty where a number is not known."""

    published: str
    accepted: str
    quarantined: str
    duplicates: str
    lag: str


@dataclass(frozen=True, slots=True)
class Page:
    """The board for one view. `provisional`: a number on a card may still change. `has_hidden`: a bar is hidden."""

    view: View
    day: str
    now: str
    refreshed: str
    cards: tuple[Card, ...]
    chosen: Card
    unit: str
    chosen_note: str
    places: Places
    bars: tuple[Bars, ...]
    alerts: AlertLines
    feeds: Feeds
    counts: Counts
    versions: tuple[tuple[str, str], ...]
    provisional: bool
    has_hidden: bool


@dataclass(frozen=True, slots=True)
class _Totals:
    """The chosen area's values and trends of the headline indicators and of the chosen one, by id."""

    values: dict[str, Value]
    trends: dict[str, Sequence[Point]]


def build_page(
    data: BoardData, view: View, infos: Sequence[IndicatorInfo], status: Status, now: datetime, words: Words
) -> Page:
    """Asks the store for all that the view needs. Raises `Unavailable` when it does not answer."""
    info = view.indicator
    area = view.area.code
    totals = _totals(data, view)
    cards = tuple(
        card(
            each, totals.values.get(each.id), totals.trends.get(each.id, ()), words, chosen=each.id == info.id
        )
        for each in infos
        if each.headline
    )
    chosen = card(
        info, totals.values.get(info.id), totals.trends.get(info.id, ()), words, chosen=True, round_axis=True
    )
    by_place = data.by_area(info.id, Level.MUNICIPALITY, view.day)
    by_category = data.breakdown(info.id, area, view.day)
    broken_down = bars(by_category, info, words)
    alerts = data.open_alerts(None if area == COUNTRY else area, LISTED + 1)
    return Page(
        view=view,
        day=words.day(view.day, "full"),
        now=words.clock_time(now),
        refreshed=words.moment(status.last_refresh_at) if status.last_refresh_at else "",
        cards=cards,
        chosen=chosen,
        unit=unit_label(info.unit, words),
        chosen_note=suppressed_note(info, words),
        places=places(by_place, info, view.area, words),
        bars=broken_down,
        alerts=alert_lines(alerts, {each.id: each for each in infos}, now, words),
        feeds=feeds(data.agencies(), view.area, now, words),
        counts=_counts(status, words),
        versions=tuple(sorted(status.versions.items())),
        provisional=any(each.figure.provisional for each in (*cards, chosen)),
        has_hidden=any(bar.figure.state == "suppressed" for group in broken_down for bar in group.bars),
    )


def _totals(data: BoardData, view: View) -> _Totals:
    area, info = view.area.code, view.indicator
    since: date = view.day - timedelta(days=DAYS - 1)
    values = {value.indicator: value for value in data.headline(area, view.day)}
    trends = dict(data.trends(area, since, view.day))
    if info.id not in values:
        values[info.id] = data.value(info.id, area, view.day)
    if info.id not in trends:
        trends[info.id] = data.trend(info.id, area, since, view.day)
    return _Totals(values, trends)


def _counts(status: Status, words: Words) -> Counts:
    return Counts(
        published=words.number(status.published),
        accepted=words.number(status.accepted),
        quarantined=words.number(status.quarantined),
        duplicates=words.number(status.duplicates),
        lag="" if status.lag is None else words.number(status.lag),
    )
