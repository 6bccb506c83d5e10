"""How a figure moved, as rows that a mail can show without pictures: one a day, with the threshold marked."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from alerts.lead import told_part
from alerts.rules import Condition
from alerts.rules.conditions import is_lower
from schemas.alerting import Reading, Transition

DAYS: Final = 14
#: Width of the HTML chart in pixels, and of the text chart in characters.
PIXELS: Final = 240
CHARACTERS: Final = 24
MARK: Final = 2

_EIGHTHS: Final = " ▏▎▍▌▋▊▉"


@dataclass(frozen=True, slots=True)
class Row:
    """One day. `share`: the bar's length against the chart's width, 0 to 1; None without a value."""

    day: date
    value: float | None
    share: float | None
    beyond: bool


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a row. `ink`: `bar`, `beyond` the threshold, the threshold's `mark`, or `none`."""

    pixels: int
    ink: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Rows of consecutive days, oldest first, and where the threshold stands (0 to 1); None where there is none."""

    rows: tuple[Row, ...]
    threshold: float | None


def chart(
    history: Sequence[Reading], condition: Condition, about: Transition, most_days: int = DAYS
) -> Chart:
    """At most so many days up to that of the transition, from the first with a value on. Values below zero get no bar.

    The threshold is that of the transition: an expected level may have been another on earlier days.
    """
    is_beyond = operator.lt if is_lower(told_part(condition, about.indicator)) else operator.gt
    until, threshold = about.day, about.threshold or 0.0
    values = {reading.day: reading.value for reading in history if reading.value is not None}
    days = [until - timedelta(days=back) for back in reversed(range(most_days))]
    while days and days[0] not in values:
        days.pop(0)
    top = max([threshold, *(values[day] for day in days if day in values), 0.0]) or 1.0

    def row(day: date) -> Row:
        value = values.get(day)
        if value is None:
            return Row(day, None, None, False)
        return Row(
            day, value, max(0.0, value) / top, about.threshold is not None and is_beyond(value, threshold)
        )

    stands = None if about.threshold is None else max(0.0, threshold) / top
    return Chart(tuple(row(day) for day in days), stands)


def segments(row: Row, threshold: float | None) -> tuple[Segment, ...]:
    """The row in pixels: its bar, cut by the threshold's mark; the widths add up to `PIXELS`."""
    if threshold is None:
        end = round((row.share or 0.0) * PIXELS)
        pieces: tuple[Segment, ...] = (Segment(end, "bar"), Segment(PIXELS - end, "none"))
        return tuple(piece for piece in pieces if piece.pixels)
    room = PIXELS - MARK
    mark = round(threshold * room)
    end = round((row.share or 0.0) * room)
    ink = "beyond" if row.beyond else "bar"
    pieces = (
        Segment(min(end, mark), ink),
        Segment(max(0, mark - end), "none"),
        Segment(MARK, "mark"),
        Segment(max(0, end - mark), ink),
        Segment(room - max(end, mark), "none"),
    )
    return tuple(piece for piece in pieces if piece.pixels)


def text_bar(row: Row, threshold: float | None) -> str:
    """The row in at most `CHARACTERS` block characters, with the threshold as `|` where no bar covers it."""
    eighths = round((row.share or 0.0) * CHARACTERS * 8)
    full, rest = divmod(eighths, 8)
    line = ("█" * full + _EIGHTHS[rest]).ljust(CHARACTERS)[:CHARACTERS]
    if threshold is not None:
        at = min(CHARACTERS - 1, round(threshold * CHARACTERS))
        if line[at] in " ":
            line = line[:at] + "|" + line[at + 1 :]
    return line.rstrip()
