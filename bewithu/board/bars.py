"""An indicator by sex, by age group and by whatever else its events offer, as bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bewithu.board.data import IndicatorInfo, Value
from bewithu.board.figures import Figure, figure
from bewithu.board.labels import category_label
from bewithu.board.words import Words
from schemas.symbols import field_name

#: In this order, then any others by name.
FIRST = ("sex", "age_group")
#: The longest bar, in the unit in which `Bar.length` is given.
FULL = 100.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One category; its length is in proportion to its value (`below` zero too), 0 when the number is hidden."""

    name: str
    figure: Figure
    length: float
    below: bool


@dataclass(frozen=True, slots=True)
class Bars:
    """One dimension, for example age."""

    dimension: str
    name: str
    bars: tuple[Bar, ...]


def bars(values: Sequence[Value], info: IndicatorInfo, words: Words) -> tuple[Bars, ...]:
    """One group for each single dimension; combinations of dimensions are left to the API."""
    groups: dict[str, list[Value]] = {}
    for value in values:
        dimension, equals, _ = value.breakdown.partition("=")
        if equals and ";" not in value.breakdown:
            groups.setdefault(dimension, []).append(value)
    ordered = sorted(groups, key=lambda dimension: (dimension not in FIRST, dimension == FIRST[1], dimension))
    return tuple(
        Bars(dimension, field_name(dimension, words.language), tuple(_bars(groups[dimension], info, words)))
        for dimension in ordered
    )


def _bars(values: Sequence[Value], info: IndicatorInfo, words: Words) -> Sequence[Bar]:
    longest = max((_length(value) for value in values), default=0.0) or 1.0
    return [
        Bar(
            name=category_label(value.breakdown, words),
            figure=figure(value, info, words),
            length=FULL * _length(value) / longest,
            below=(value.value or 0) < 0,
        )
        for value in sorted(values, key=_order)
    ]


def _order(value: Value) -> tuple[bool, bool, str]:
    """By code, which sorts age groups by age; what is not known or given comes last, after what is other."""
    category = value.breakdown.partition("=")[2]
    return category in ("unknown", "none"), category == "other", category


def _length(value: Value) -> float:
    return 0.0 if value.suppressed else abs(value.value or 0.0)
