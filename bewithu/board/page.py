"""Everything that the page shows, fetched and put into words: the templates only lay it out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bewithu.board.asked import Asked
from bewithu.board.cards import DAYS, Card, card
from bewithu.board.data import BoardData, Status
from bewithu.board.feeds import Feeds, feeds
from bewithu.board.figures import suppressed_note
from bewithu.board.labels import unit_label
from bewithu.board.news import NewsLine, news
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
    """The start page for one view. `provisional`: a number on a card may still change. `mapped`: the name of the
    indicator on the map, `unit` and `mapped_note` are its."""

    view: View
    day: str
    now: str
    refreshed: str
    cards: tuple[Card, ...]
    news: tuple[NewsLine, ...]
    mapped: str
    unit: str
    mapped_note: str
    places: Places
    alerts: AlertLines
    feeds: Feeds
    counts: Counts
    versions: tuple[tuple[str, str], ...]
    provisional: bool


def build_page(data: BoardData, asked: Asked) -> Page:
    """Asks the store for all that the view needs. Raises `Unavailable` when it does not answer."""
    view, words, status = asked.view, asked.words, asked.status
    info, area = view.indicator, view.area.code
    cards = _cards(data, asked)
    by_place = data.by_area(info.id, Level.MUNICIPALITY, view.day)
    alerts = data.open_alerts(None if area == COUNTRY else area, LISTED + 1)
    return Page(
        view=view,
        day=words.day(view.day, "full"),
        now=words.clock_time(asked.now),
        refreshed=words.moment(status.last_refresh_at) if status.last_refresh_at else "",
        cards=cards,
        news=news(data.news(area, view.day), asked.by_id, words),
        mapped=words.named(info.names, info.id),
        unit=unit_label(info.unit, words),
        mapped_note=suppressed_note(info, words),
        places=places(by_place, info, view.area, words),
        alerts=alert_lines(alerts, asked.by_id, asked.now, words),
        feeds=feeds(data.agencies(), view.area, asked.now, words),
        counts=_counts(status, words),
        versions=tuple(sorted(status.versions.items())),
        provisional=any(each.figure.provisional for each in cards),
    )


def _cards(data: BoardData, asked: Asked) -> tuple[Card, ...]:
    view = asked.view
    area = view.area.code
    values = {value.indicator: value for value in data.headline(area, view.day)}
    trends = data.trends(area, view.day - timedelta(days=DAYS - 1), view.day)
    return tuple(
        card(info, values.get(info.id), trends.get(info.id, ()), asked.words)
        for info in asked.infos
        if info.headline
    )


def _counts(status: Status, words: Words) -> Counts:
    return Counts(
        published=words.number(status.published),
        accepted=words.number(status.accepted),
        quarantined=words.number(status.quarantined),
        duplicates=words.number(status.duplicates),
        lag="" if status.lag is None else words.number(status.lag),
    )
