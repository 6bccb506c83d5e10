"""The headline cards: name, value, change and a trend line; and the same for the page of an indicator, larger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bewithu.board.agencies import agency_names
from bewithu.board.data import IndicatorInfo, Point, Value
from bewithu.board.figures import Change, Figure, change, figure, number_text, suppressed_mark
from bewithu.board.trend import Line, close_range, draw, extremes, round_range, ticks, weekly
from bewithu.board.words import Words

#: Days that a trend line shows, the chosen day included.
DAYS = 90


@dataclass(frozen=True, slots=True)
class Trend:
    """A line with what a reader who does not see it is told. `rows`: (day, value), the newest first."""

    line: Line
    description: str
    rows: tuple[tuple[str, str], ...]
    days: tuple[str, str, str]
    numbers: tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Card:
    """One indicator. `known`: when its value was worked out, empty when there is none."""

    id: str
    name: str
    explanation: str
    publishers: str
    figure: Figure
    change: Change
    trend: Trend
    known: str


def card(
    info: IndicatorInfo,
    value: Value | None,
    points: Sequence[Point],
    words: Words,
    *,
    round_axis: bool = False,
) -> Card:
    """`round_axis`: the trend gets an axis of round numbers; otherwise it only shows how the values move."""
    known_at: datetime | None = value.known_at if value else None
    return Card(
        id=info.id,
        name=words.named(info.names, info.id),
        explanation=words.named(info.explanations, ""),
        publishers=agency_names(info.publishers, words),
        figure=figure(value, info, words),
        change=change(value, info, words),
        trend=trend_of(info, points, words, round_axis=round_axis),
        known=words.moment(known_at) if known_at else "",
    )


def trend_of(
    info: IndicatorInfo,
    points: Sequence[Point],
    words: Words,
    *,
    round_axis: bool,
    threshold: float | None = None,
) -> Trend:
    """`threshold`: a level line that the axis must have room for."""
    level = [Point(points[-1].day, threshold)] if points and threshold is not None else []
    low, high = round_range([*points, *level]) if round_axis else close_range(points)
    rows = tuple((words.day(point.day, "medium"), _number(point, info, words)) for point in weekly(points))
    days = ticks(points[0].day, points[-1].day) if points else ()
    first, middle, last = (words.day(day, "d MMM") for day in days) if days else ("", "", "")
    bottom, centre, top = (_tick(number, high - low, info, words) for number in (low, (low + high) / 2, high))
    return Trend(
        line=draw(points, low, high, threshold),
        description=_description(info, points, threshold, words),
        rows=rows,
        days=(first, middle, last),
        numbers=(bottom, centre, top),
    )


def _description(info: IndicatorInfo, points: Sequence[Point], threshold: float | None, words: Words) -> str:
    found = extremes(points)
    if found is None:
        return words.gettext("No figures in this period.")
    text = words.gettext(
        "Lowest %(low)s on %(low_day)s, highest %(high)s on %(high_day)s, last %(last)s on %(last_day)s.",
        low=_number(found.lowest, info, words),
        low_day=words.day(found.lowest.day),
        high=_number(found.highest, info, words),
        high_day=words.day(found.highest.day),
        last=_number(found.last, info, words),
        last_day=words.day(found.last.day),
    )
    if threshold is None:
        return text
    level = words.gettext("threshold %(number)s", number=number_text(threshold, info, words))
    return f"{text} {level[0].upper()}{level[1:]}."


def _number(point: Point, info: IndicatorInfo, words: Words) -> str:
    if point.suppressed:
        return suppressed_mark(info, words)
    return words.gettext("no figure") if point.value is None else number_text(point.value, info, words)


def _tick(number: float, span: float, info: IndicatorInfo, words: Words) -> str:
    """With as many decimals as keep the middle of the axis apart from its ends."""
    scaled = span / 2 * (100 if info.percent else 1)
    decimals = next((digits for digits in range(4) if _is_whole(scaled * 10**digits)), 4)
    return number_text(number, info, words, decimals)


def _is_whole(number: float) -> bool:
    return abs(number - round(number)) < 1e-6
