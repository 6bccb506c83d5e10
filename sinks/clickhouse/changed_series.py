"""Which series of values a refresh looks at anew, and from which day on. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

from schemas.areas import ancestors
from schemas.indicators import Ratio

#: The first changed day of each indicator, area and breakdown; an empty breakdown is the total.
ChangedSeries = Mapping[tuple[str, str, str], date]


def changed_counts(cells: Iterable[Sequence[Any]]) -> ChangedSeries:
    """What contributions to `cells` (indicator, municipality, sex, age group, first day) alter.

    They count in every area around their municipality, in its total and in its breakdowns.
    """
    found: dict[tuple[str, str, str], date] = {}
    for indicator, municipality, sex, age_group, day in cells:
        for area in _around(municipality):
            for breakdown in ("", f"sex={sex}", f"age_group={age_group}"):
                _note(found, (indicator, area, breakdown), day)
    return found


def changed_ratios(ratios: Iterable[Ratio], counts: ChangedSeries) -> ChangedSeries:
    """A ratio changes where its numerator or its denominator did."""
    found: dict[tuple[str, str, str], date] = {}
    for ratio in ratios:
        for (indicator, area, breakdown), day in counts.items():
            if indicator in (ratio.numerator, ratio.denominator):
                _note(found, (ratio.id, area, breakdown), day)
    return found


def _note(found: dict[tuple[str, str, str], date], series: tuple[str, str, str], day: date) -> None:
    known = found.get(series)
    if known is None or day < known:
        found[series] = day


@cache
def _around(municipality: str) -> tuple[str, ...]:
    return ancestors(municipality)
