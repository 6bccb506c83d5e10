"""A series of days as lines to draw, and as rows to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby, takewhile
from math import floor, log10

from bewithu.board.data import Point

#: Lines are drawn in a box of this size, which the page stretches to the place it has.
WIDTH, HEIGHT = 400.0, 100.0

#: What a round number is, but for a power of ten. An axis that starts at zero has finer ones, as all of its numbers are
#: multiples of one that is seen: so a line fills two thirds of it or more.
_ROUND = (1, 2, 2.5, 5, 10)
_ROUND_FROM_ZERO = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)


@dataclass(frozen=True, slots=True)
class Line:
    """SVG path data in a box of WIDTH by HEIGHT. Days without a value are gaps.

    `surface`: what lies between the line and zero; empty where the axis does not reach zero, as a surface would
    then show a part for the whole. `end`: the last day with a value. `tail`: the days at the end whose values are
    provisional, which `path` leaves out. `hidden`: days whose values are suppressed, along the bottom. `level`: where
    the threshold lies, None without one.
    """

    path: str
    surface: str
    end: tuple[float, float] | None
    tail: str = ""
    hidden: str = ""
    level: float | None = None


@dataclass(frozen=True, slots=True)
class Extremes:
    """The days that a description names; none where the series has no values."""

    lowest: Point
    highest: Point
    last: Point


def draw(points: Sequence[Point], low: float, high: float, threshold: float | None = None) -> Line:
    """The line of `points` between two values of the vertical axis."""
    span = (high - low) or 1.0
    step = WIDTH / max(len(points) - 1, 1)

    def height(number: float) -> float:
        return HEIGHT * (1 - (number - low) / span)

    placed = [
        None if point.value is None else (index * step, height(point.value))
        for index, point in enumerate(points)
    ]
    zero = height(0.0)
    surfaces = (f"{_run(run)}V{zero:.1f}H{run[0][0]:.1f}Z" for run in _runs(placed) if len(run) > 1)
    ends = [each for each in placed if each]
    certain = sum(1 for _ in takewhile(lambda point: not point.provisional, points))
    # The tail begins where the certain part ends, so that the line has no gap.
    tail = [None] * max(certain - 1, 0) + placed[max(certain - 1, 0) :]
    bottom = [(index * step, HEIGHT) if point.suppressed else None for index, point in enumerate(points)]
    return Line(
        path="".join(map(_run, _runs(placed[:certain]))),
        surface="".join(surfaces) if low <= 0 <= high else "",
        end=ends[-1] if ends else None,
        tail="".join(map(_run, _runs(tail))) if certain < len(points) else "",
        hidden="".join(map(_run, _runs(bottom))),
        level=None if threshold is None else height(threshold),
    )


def close_range(points: Sequence[Point]) -> tuple[float, float]:
    """From the lowest to the highest value with a little room: shows how a series moves, not how large it is."""
    values = _values(points)
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = (high - low) * 0.08 or abs(high) * 0.05 or 1.0
    return low - room, high + room


def round_range(points: Sequence[Point]) -> tuple[float, float]:
    """Round numbers below and above all values, whose middle is round too; zero where it is not far off."""
    values = _values(points)
    low, high = min(values, default=0.0), max(values, default=1.0)
    if 0 < low <= high / 2 or low == high > 0:
        low = 0.0
    elif high < 0 and (high >= low / 2 or low == high):
        high = 0.0
    if low == high:
        high = low + 1
    steps = _ROUND if low and high else _ROUND_FROM_ZERO
    half = round_up((high - low) / 2, steps)
    while (bottom := floor(low / half) * half) + 2 * half < high:
        half = round_up(half * 1.01, steps)
    return bottom, bottom + 2 * half


def round_up(number: float, steps: Sequence[float] = _ROUND) -> float:
    """The next of `steps` times a power of ten; they go from 1 to 10."""
    power: float = 10.0 ** floor(log10(number))
    return next(step * power for step in steps if step * power >= number * (1 - 1e-9))


def extremes(points: Sequence[Point]) -> Extremes | None:
    """The lowest, the highest and the last point; of equals the latest."""
    known = [point for point in reversed(points) if point.value is not None]
    if not known:
        return None
    return Extremes(min(known, key=_value), max(known, key=_value), known[0])


def weekly(points: Sequence[Point]) -> tuple[Point, ...]:
    """Every seventh day, the last one first: enough to read a trend aloud."""
    return tuple(points[::-1][::7])


def ticks(first: date, last: date) -> tuple[date, date, date]:
    """The days under the left end, the middle and the right end of a line."""
    return first, first + (last - first) / 2, last


def _runs(placed: Sequence[tuple[float, float] | None]) -> list[list[tuple[float, float]]]:
    """Days in a row that have a place."""
    return [[each for each in run if each] for has_place, run in groupby(placed, bool) if has_place]


def _run(run: Sequence[tuple[float, float]]) -> str:
    if len(run) == 1:
        return f"M{run[0][0]:.1f},{run[0][1]:.1f}h0"
    return "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in run)


def _values(points: Sequence[Point]) -> list[float]:
    return [point.value for point in points if point.value is not None]


def _value(point: Point) -> float:
    assert point.value is not None
    return point.value
