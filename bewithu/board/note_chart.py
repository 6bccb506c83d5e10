"""A line over thirteen months, week by week, with what a reader who does not see it is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bewithu.board.cards import Trend, trend_of
from bewithu.board.data import IndicatorInfo, Point
from bewithu.board.figures import suppressed_note
from bewithu.board.labels import unit_label
from bewithu.board.trend import ticks, weekly
from bewithu.board.words import Words


@dataclass(frozen=True, slots=True)
class Chart:
    """`days`: under the left end, the middle and the right end. `note`: why days are hidden, empty when none is."""

    id: str
    name: str
    unit: str
    trend: Trend
    days: tuple[str, str, str]
    note: str


def chart(info: IndicatorInfo, points: Sequence[Point], words: Words) -> Chart:
    """The last day of `points` is the last of the line."""
    thinned = weekly(points)[::-1]
    first, middle, last = (words.day(day, "MMM y") for day in ticks(thinned[0].day, thinned[-1].day))
    hides = any(point.suppressed for point in thinned)
    return Chart(
        id=info.id,
        name=words.named(info.names, info.id),
        unit=unit_label(info.unit, words),
        trend=trend_of(info, thinned, words, round_axis=True),
        days=(first, middle, last),
        note=suppressed_note(info, words) if hides else "",
    )
