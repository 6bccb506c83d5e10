"""The monthly note of an area: all that it says, fetched and put into words; the templates only lay it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from bewithu.board.agencies import agency_names
from bewithu.board.bars import Bars, bars
from bewithu.board.data import BoardData, IndicatorInfo, Point, Value
from bewithu.board.figures import COUNTS, Change, Figure, figure, suppressed_note
from bewithu.board.labels import EVENTS, label, unit_label
from bewithu.board.methods_page import topic_of
from bewithu.board.note_asked import NoteAsked
from bewithu.board.note_chart import Chart, chart
from bewithu.board.note_moves import Message, Moves, key_messages, moved
from bewithu.board.note_places import PlaceTable, former_names, place_table
from bewithu.board.note_quality import Quality, quality
from bewithu.board.note_reading import Reading, read_note
from bewithu.board.open_alerts import AlertLine, alert_line
from bewithu.board.words import Words
from schemas.areas import COUNTRY
from schemas.indicators import Flow

#: Of a theme, and indicators that are broken down.
CHARTS: Final = 2
BROKEN_DOWN: Final = 2


@dataclass(frozen=True, slots=True)
class Row:
    """An indicator in a table."""

    id: str
    name: str
    figure: Figure
    month: Change
    year: Change


@dataclass(frozen=True, slots=True)
class Theme:
    """What is told of one kind of event."""

    id: str
    name: str
    rows: tuple[Row, ...]
    charts: tuple[Chart, ...]
    publishers: str


@dataclass(frozen=True, slots=True)
class Breakdown:
    name: str
    figure: Figure
    bars: tuple[Bars, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Method:
    """A definition; `source` is in the words of whoever wrote it, in English."""

    id: str
    name: str
    explanation: str
    unit: str
    publishers: str
    source: str


@dataclass(frozen=True, slots=True)
class Note:
    """The note. `days`: the last of the month, of the month before and of the year before, as written. `hidden`:
    names of the figures that are hidden, by reason."""

    asked: NoteAsked
    area: str
    month: str
    days: tuple[str, str, str]
    known: str
    former: str
    messages: tuple[Message, ...]
    headline: tuple[Row, ...]
    themes: tuple[Theme, ...]
    breakdowns: tuple[Breakdown, ...]
    places: PlaceTable
    alerts: tuple[AlertLine, ...]
    quality: Quality
    hidden: tuple[tuple[str, str], ...]
    methods: tuple[Method, ...]

    @property
    def title(self) -> str:
        words = self.asked.asked.words
        kind = words.gettext("Monthly situation note")
        return words.gettext("%(what)s: %(which)s", what=kind, which=f"{self.area}, {self.month}")

    @property
    def provisional(self) -> bool:
        return any(row.figure.provisional for theme in self.themes for row in theme.rows)


def build_note(data: BoardData, asked: NoteAsked) -> Note:
    """Asks the store for all that the note needs. Raises `Unavailable` when it does not answer."""
    words, month, infos = asked.asked.words, asked.month, asked.asked.by_id
    place = asked.asked.view.area
    reading = read_note(data, asked)
    rows = {id_: _row(infos[id_], reading.moves[id_], words) for id_ in reading.told}
    code = place.code
    alerts = data.notes().alerts_told(
        None if code == COUNTRY else code, month.begins, month.ends, asked.as_of
    )
    return Note(
        asked=asked,
        area=place.name(words.language),
        month=words.day(month.first, "MMMM y"),
        days=(
            words.day(month.last),
            words.day(month.before.last),
            words.day(month.year_before.last),
        ),
        known=words.moment(asked.as_of),
        former=former_names(place),
        messages=key_messages(
            [reading.moves[id_] for id_ in reading.told],
            infos,
            words,
            {id_: what for id_ in reading.told if (what := _counted(data, id_))},
        ),
        headline=tuple(rows[id_] for id_ in reading.told if infos[id_].headline),
        themes=_themes(data, reading, rows, infos, words),
        breakdowns=_breakdowns(data, asked, reading),
        places=place_table(data, asked, reading),
        alerts=tuple(alert_line(each, infos.get(each.indicator), asked.as_of, words) for each in alerts),
        quality=quality(data, asked, reading),
        hidden=_hidden(rows, infos, words),
        methods=tuple(_method(data, infos[id_], words) for id_ in (*reading.told, *reading.of_data)),
    )


def _hidden(
    rows: Mapping[str, Row], infos: Mapping[str, IndicatorInfo], words: Words
) -> tuple[tuple[str, str], ...]:
    by_reason: dict[str, list[str]] = {}
    for id_, row in rows.items():
        if row.figure.state == "suppressed":
            by_reason.setdefault(suppressed_note(infos[id_], words), []).append(row.name)
    return tuple((reason, "; ".join(names)) for reason, names in by_reason.items())


def _counted(data: BoardData, indicator: str) -> str:
    """The events of a flow, whatever its window; empty of what is no flow."""
    definition = data.definition(indicator)
    return f"{definition.event} {definition.filter}" if isinstance(definition, Flow) else ""


def _row(info: IndicatorInfo, it: Moves, words: Words) -> Row:
    return Row(
        id=info.id,
        name=words.named(info.names, info.id),
        figure=figure(it.now, info, words),
        month=moved(it.now, it.month_before, "month", info, words),
        year=moved(it.now, it.year_before, "year", info, words),
    )


def _themes(
    data: BoardData,
    reading: Reading,
    rows: Mapping[str, Row],
    infos: Mapping[str, IndicatorInfo],
    words: Words,
) -> tuple[Theme, ...]:
    """In the order of their first indicators, the headline ones first in each."""
    by_topic: dict[str, list[str]] = {}
    for id_ in reading.told:
        by_topic.setdefault(topic_of(data, id_), []).append(id_)
    return tuple(
        Theme(
            id=f"theme-{topic}",
            name=label(EVENTS, topic, words),
            rows=tuple(rows[id_] for id_ in ids),
            charts=_charts([(infos[id_], reading.series[id_]) for id_ in ids], words),
            publishers=agency_names([code for id_ in ids for code in infos[id_].publishers], words),
        )
        for topic, ids in by_topic.items()
    )


def _charts(found: Sequence[tuple[IndicatorInfo, Sequence[Point]]], words: Words) -> tuple[Chart, ...]:
    """Of the first that have a figure on more than one day."""
    telling = [
        (info, points)
        for info, points in found
        if len({point.value for point in points if point.value is not None}) > 1
    ]
    return tuple(chart(info, points, words) for info, points in telling[:CHARTS])


def _breakdowns(data: BoardData, asked: NoteAsked, reading: Reading) -> tuple[Breakdown, ...]:
    """Of the first headline counts that have a figure."""
    view, words, infos = asked.asked.view, asked.asked.words, asked.asked.by_id
    fitting = [
        id_
        for id_ in reading.told
        if infos[id_].headline and infos[id_].kind in COUNTS and reading.moves[id_].now.value
    ]
    found = []
    for id_ in fitting[:BROKEN_DOWN]:
        values: Sequence[Value] = data.breakdown(id_, view.area.code, asked.month.last, asked.as_of)
        groups = bars(values, infos[id_], words)
        hides = any(bar.figure.state == "suppressed" for group in groups for bar in group.bars)
        found.append(
            Breakdown(
                name=words.named(infos[id_].names, id_),
                figure=figure(reading.moves[id_].now, infos[id_], words),
                bars=groups,
                note=suppressed_note(infos[id_], words) if hides else "",
            )
        )
    return tuple(found)


def _method(data: BoardData, info: IndicatorInfo, words: Words) -> Method:
    definition = data.definition(info.id)
    delay = words.length(timedelta(days=info.delay_days)) if info.delay_days else ""
    explanation = words.named(info.explanations, "")
    if delay:
        late = words.gettext("Provisional for %(delay)s, as events still come in.", delay=delay)
        explanation = f"{explanation} {late}"
    return Method(
        id=info.id,
        name=words.named(info.names, info.id),
        explanation=explanation,
        unit=unit_label(info.unit, words) or info.unit,
        publishers=agency_names(info.publishers, words),
        source=definition.source,
    )
