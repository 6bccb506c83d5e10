"""The map: a circle for each municipality whose surface stands for the value, and the same as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt
from typing import Literal

from bewithu.board.data import IndicatorInfo, Value
from bewithu.board.figures import COUNTS, Change, Figure, change, figure, number_text
from bewithu.board.frame import WIDTH, Frame, frame_around
from bewithu.board.trend import round_up
from bewithu.board.words import Words, plain
from schemas.areas import COUNTRY, Area, Level, area, areas_of_level, is_within
from schemas.areas.outlines import outlines, project

#: Radii in units of the map, which is WIDTH wide. Far apart, circles may be larger.
LARGEST, LARGEST_OF_FEW = 44.0, 64.0
FEW = 120
SMALLEST = 2.2
HIDDEN = 4.0
#: Room for the number beside a circle of the legend, as a part of WIDTH.
LEGEND_TEXT = 0.19

#: Municipalities in the table that is always in sight; those without anybody only to fill it up.
MOST_LISTED, FEWEST_LISTED = 12, 3

Look = Literal["above", "below", "hidden"]


@dataclass(frozen=True, slots=True)
class Circle:
    """One municipality on the map. `look`: above or below zero, or a hidden number (a hollow circle)."""

    code: str
    x: float
    y: float
    radius: float
    look: Look
    title: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One area in a table."""

    code: str
    name: str
    figure: Figure
    change: Change
    per_thousand: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Key:
    """A circle of the legend; all stand on one line and touch at the bottom."""

    radius: float
    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Border:
    """A province or Brussels; `around`: the shown area lies in it, or it in the shown area."""

    name: str
    path: str
    around: bool


@dataclass(frozen=True, slots=True)
class Places:
    """The map and its table. `within`: the area that is shown; `silent`: municipalities in it without a figure.

    `highest`: rows that are always in sight; `others`: the rest, zeros among them.
    `changes`, `per_thousand`: whether the table has these columns.
    """

    frame: Frame
    within: Area
    borders: tuple[Border, ...]
    circles: tuple[Circle, ...]
    legend: tuple[Key, ...]
    hidden: bool
    below: bool
    highest: tuple[Row, ...]
    others: tuple[Row, ...]
    silent: int
    changes: bool
    per_thousand: bool
    attribution: str


def places(values: Sequence[Value], info: IndicatorInfo, chosen: Area, words: Words) -> Places:
    """The municipalities of the chosen area; of a municipality those around it, with itself marked."""
    within = chosen if chosen.level is not Level.MUNICIPALITY else area(chosen.parent or COUNTRY)
    here = {
        each.code: each for each in areas_of_level(Level.MUNICIPALITY) if is_within(each.code, within.code)
    }
    shown = {
        value.area: value
        for value in values
        if value.area in here and (value.suppressed or value.value is not None)
    }
    frame = frame_around([] if within.code == COUNTRY else list(here.values()))
    scale = _Scale.for_values(list(shown.values()), info, len(here))
    circles = [_circle(here[code], value, info, frame, scale, chosen, words) for code, value in shown.items()]
    unsorted = [place_row(here[code], value, info, chosen, words) for code, value in shown.items()]
    rows = tuple(sorted(unsorted, key=lambda row: _rank(row, shown[row.code].value, info)))
    telling = sum(value.value != 0 for value in shown.values())
    listed = max(FEWEST_LISTED, min(MOST_LISTED, telling))
    return Places(
        frame=frame,
        within=within,
        borders=_borders(within, words),
        # Large ones first, so that small ones lie on top of them.
        circles=tuple(sorted((each for each in circles if each.radius), key=lambda each: -each.radius)),
        legend=_legend(scale, info, words),
        hidden=any(circle.look == "hidden" for circle in circles),
        below=any(circle.look == "below" for circle in circles),
        highest=rows[:listed],
        others=rows[listed:],
        silent=len(here) - len(shown),
        changes=any(row.change.direction != "unknown" for row in rows),
        per_thousand=has_rate(info),
        attribution=outlines().attribution,
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    """`largest` is the value (without sign) whose circle has the radius `radius`."""

    largest: float
    radius: float

    @classmethod
    def for_values(cls, values: Sequence[Value], info: IndicatorInfo, circles: int) -> _Scale:
        sizes = [abs(value.value) for value in values if value.value and not value.suppressed]
        # Where nobody counts more than a handful, a handful must not look like a crowd.
        least = 0 if info.percent or info.decimals else 4 * info.minimum_cell
        largest = round_up(max(*sizes, least)) if sizes else 0.0
        return cls(largest, LARGEST if circles > FEW else LARGEST_OF_FEW)

    def radius_of(self, number: float) -> float:
        """Surface in proportion to the number, but never too small to be seen."""
        if not number or not self.largest:
            return 0.0
        return max(SMALLEST, self.radius * sqrt(abs(number) / self.largest))


def _circle(
    place: Area,
    value: Value,
    info: IndicatorInfo,
    frame: Frame,
    scale: _Scale,
    chosen: Area,
    words: Words,
) -> Circle:
    assert place.latitude is not None
    assert place.longitude is not None
    x, y = frame.inside(*project(place.latitude, place.longitude))
    written = figure(value, info, words)
    hidden = written.state == "suppressed"
    is_chosen = place.code == chosen.code
    spoken_text = written.spoken or f"{written.text} {written.unit}".strip()
    return Circle(
        code=place.code,
        x=x,
        y=y,
        # The chosen municipality is marked even where its value is zero.
        radius=HIDDEN if hidden else scale.radius_of(value.value or 0.0) or SMALLEST * is_chosen,
        look="hidden" if hidden else "below" if (value.value or 0) < 0 else "above",
        title=words.gettext("%(what)s: %(which)s", what=place.name(words.language), which=spoken_text),
        chosen=is_chosen,
    )


def place_row(place: Area, value: Value, info: IndicatorInfo, chosen: Area, words: Words) -> Row:
    """A line of a table of areas."""
    rate = None
    if has_rate(info) and value.value is not None and not value.suppressed and place.population:
        rate = _rate(1000 * value.value / place.population, words)
    return Row(
        code=place.code,
        name=place.name(words.language),
        figure=figure(value, info, words),
        change=change(value, info, words),
        per_thousand=rate or "–",
        chosen=place.code == chosen.code,
    )


def _rate(per_thousand: float, words: Words) -> str:
    """Few are not none."""
    tenth = words.number(0.1, 1)
    return f"<\N{NO-BREAK SPACE}{tenth}" if 0 < per_thousand < 0.05 else words.number(per_thousand, 1)


def has_rate(info: IndicatorInfo) -> bool:
    """Whether it makes sense to say how many there are per inhabitant."""
    return info.kind in COUNTS and not info.percent and info.unit != "%"


def _legend(scale: _Scale, info: IndicatorInfo, words: Words) -> tuple[Key, ...]:
    """Three circles, each standing for a fifth of the one before, from the left."""
    keys: list[Key] = []
    left = 0.0
    for number in (scale.largest, scale.largest / 5, scale.largest / 25):
        radius = scale.radius_of(number)
        countable = info.decimals > 0 or info.percent or number == int(number)
        if radius and countable:
            keys.append(Key(radius, left + radius, number_text(number, info, words)))
            left += 2 * radius + WIDTH * LEGEND_TEXT
    return tuple(keys)


def _borders(within: Area, words: Words) -> tuple[Border, ...]:
    return tuple(
        Border(
            name=area(each.code).name(words.language),
            path=each.path,
            around=is_within(each.code, within.code) or is_within(within.code, each.code),
        )
        for each in outlines().outlines
    )


def _rank(row: Row, value: float | None, info: IndicatorInfo) -> tuple[float, str]:
    """Highest value first, hidden counts before zeros, other hidden values last; equals by name, accents aside."""
    hidden = -0.5 if info.kind in COUNTS else inf
    return hidden if value is None else -value, plain(row.name)
