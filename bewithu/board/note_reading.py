"""The figures of a note, as they are published: one day at the end of each month, and the thirteen months between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bewithu.board.data import BoardData, Point, Value
from bewithu.board.methods_page import topic_of
from bewithu.board.note_asked import NoteAsked
from bewithu.board.note_moves import Moves
from schemas.indicators import (
    Change,
    Completeness,
    Divergence,
    Duration,
    Flow,
    Freshness,
    Indicator,
    Sum,
    span_of,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """`told`: indicators of the situation; `of_data`: those that tell of the data. `series`: day by day, without
    figures before the day that anything was heard of the indicator, `fed_since`."""

    told: tuple[str, ...]
    of_data: tuple[str, ...]
    moves: Mapping[str, Moves]
    series: Mapping[str, Sequence[Point]]
    fed_since: Mapping[str, date]

    def is_fed(self, indicator: str, day: date) -> bool:
        return _is_fed(self.fed_since, indicator, day)


def read_note(data: BoardData, asked: NoteAsked) -> Reading:
    """Raises `Unavailable` when the store does not answer."""
    month, code, notes = asked.month, asked.asked.view.area.code, data.notes()
    fitting = [info.id for info in asked.asked.infos if has_months(data.definition(info.id))]
    of_data = tuple(id_ for id_ in fitting if _tells_of_data(data, id_))
    told = tuple(id_ for id_ in fitting if id_ not in of_data)
    first, last = month.year_before.last, month.last
    fed_since = notes.fed_since(fitting, first, last, asked.as_of)
    series = {
        id_: [point if _is_fed(fed_since, id_, point.day) else Point(point.day, None) for point in points]
        for id_, points in notes.series(fitting, code, first, last, asked.as_of).items()
    }

    def at(id_: str, points: Mapping[date, Point]) -> Moves:
        now, before, year = (_value(id_, code, points[day]) for day in (last, month.before.last, first))
        return Moves(now, before, year)

    moves = {id_: at(id_, {point.day: point for point in points}) for id_, points in series.items()}
    return Reading(told, of_data, moves, series, fed_since)


def has_months(definition: Indicator) -> bool:
    """Whether its value on the last day of a month stands beside that of another month: what begins anew each week
    would be a part of a week, and what is a change already is told by the note itself."""
    if isinstance(definition, Change):
        return False
    return not (
        isinstance(definition, Flow | Sum | Duration) and span_of(definition.window).unit in {"week", "hour"}
    )


def _tells_of_data(data: BoardData, indicator: str) -> bool:
    return isinstance(data.definition(indicator), Completeness | Divergence | Freshness) or not topic_of(
        data, indicator
    )


def _is_fed(fed_since: Mapping[str, date], indicator: str, day: date) -> bool:
    return indicator in fed_since and fed_since[indicator] <= day


def _value(indicator: str, area: str, point: Point) -> Value:
    return Value(indicator, area, "", point.day, point.value, point.suppressed, point.provisional)
