"""Judges conditions. Every one comes down to a number that the value is held against."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce, singledispatch
from statistics import NormalDist
from typing import Final

import numpy as np
import numpy.typing as npt

from alerts.judging.panel import NO, UNKNOWN, YES, Answers, Floats, Judged, Panel, Series
from alerts.rules.conditions import (
    Above,
    Absent,
    All,
    Below,
    Condition,
    Drop,
    Ears,
    Either,
    Exceeds,
    Fall,
    FallsShort,
    Rise,
    Simple,
    Spike,
    is_lower,
)
from alerts.rules.model import Minimum

#: Times the median absolute deviation is the standard deviation of normal data.
_NORMAL: Final = 1.4826
#: A baseline of which less than this share is known is none.
_KNOWN_SHARE: Final = 0.5


def judge(condition: Condition, panel: Panel, indicator: str) -> Judged:
    """`indicator` is the rule's, which conditions mean that name none."""
    if isinstance(condition, All | Either):
        return _combined(
            condition, [judge(part, panel, indicator) for part in condition.parts], panel, indicator
        )
    series = panel[condition.indicator or indicator]
    if isinstance(condition, Absent):
        return _absent(condition, series)
    value = series.values[..., -1]
    bound, clear = _bounds(condition, series)
    compare = np.less if is_lower(condition) else np.greater
    unknown = np.isnan(value) | np.isnan(bound)
    holds, stays = _answers(compare(value, bound), unknown), _answers(compare(value, clear), unknown)
    # Where all was taken back nothing can hold an alert up, least of all that the number is missing.
    without = np.where(compare(series.nothing, clear), YES, NO)
    return Judged(condition, value, holds, np.where(series.silent, without, stays), bound, series.silent)


def is_large_enough(minimum: Minimum, series: Series) -> Answers:
    """NO where a number is below the rule's minimum, or not known."""
    asked = (
        (minimum.value, series.values[..., -1]),
        (minimum.numerator, series.numerators),
        (minimum.denominator, series.denominators),
    )
    large = np.full(series.numerators.shape, YES)
    for least, number in asked:
        if least is not None:
            large = np.where(number >= least, large, NO)
    return large


@singledispatch
def _bounds(condition: Simple, series: Series) -> tuple[Floats, Floats]:
    """What the value is held against, and what it is once an alert fires."""
    raise TypeError(f"no judge for {condition!r}")


@_bounds.register
def _(condition: Above, series: Series) -> tuple[Floats, Floats]:
    return _fixed(condition.above, condition.clear, series)


@_bounds.register
def _(condition: Below, series: Series) -> tuple[Floats, Floats]:
    return _fixed(condition.below, condition.clear, series)


@_bounds.register
def _(condition: Rise, series: Series) -> tuple[Floats, Floats]:
    return _changed(_before(series, condition.over.days), condition.rise, condition.percent)


@_bounds.register
def _(condition: Fall, series: Series) -> tuple[Floats, Floats]:
    return _changed(_before(series, condition.over.days), -condition.fall, condition.percent)


@_bounds.register
def _(condition: Spike, series: Series) -> tuple[Floats, Floats]:
    usual, deviation = _same_weekday(condition, series)
    return _twice(usual + condition.spike * deviation)


@_bounds.register
def _(condition: Drop, series: Series) -> tuple[Floats, Floats]:
    usual, deviation = _same_weekday(condition, series)
    return _twice(usual - condition.drop * deviation)


@_bounds.register
def _(condition: Ears, series: Series) -> tuple[Floats, Floats]:
    ends, length = condition.baseline
    last = series.values.shape[-1] - ends
    days = series.values[..., last - length : last]
    deviation = np.maximum(days.std(axis=-1, ddof=1), condition.least_deviation)
    return _twice(days.mean(axis=-1) + NormalDist().inv_cdf(1 - condition.alpha) * deviation)


@_bounds.register
def _(condition: Exceeds, series: Series) -> tuple[Floats, Floats]:
    return _twice(condition.times_above * _compared_with(condition, series))


@_bounds.register
def _(condition: FallsShort, series: Series) -> tuple[Floats, Floats]:
    return _twice(condition.times_below * _compared_with(condition, series))


def _combined(condition: All | Either, parts: Sequence[Judged], panel: Panel, indicator: str) -> Judged:
    """Its value is that of the rule's indicator; its bound that of the first part on this indicator that answers as the
    whole does, and none where no such part does.
    """
    combine = np.minimum if isinstance(condition, All) else np.maximum
    holds = reduce(combine, [part.holds for part in parts])
    bound = np.full(holds.shape, np.nan)
    for part in reversed(parts):
        if isinstance(part.condition, All | Either):
            has_bound = ~np.isnan(part.bound)
        else:
            # Held against a value of another indicator its bound is a number of something else.
            has_bound = np.full(holds.shape, part.condition.indicator in (None, indicator))
        bound = np.where(has_bound & (part.holds == holds), part.bound, bound)
    return Judged(
        condition,
        panel[indicator].values[..., -1],
        holds,
        reduce(combine, [part.stays for part in parts]),
        bound,
        np.logical_and.reduce([part.silent for part in parts]),
        tuple(parts),
    )


def _absent(condition: Absent, series: Series) -> Judged:
    gone = np.logical_and.reduce(np.isnan(series.values[..., -len(condition.lags) :]), axis=-1)
    answers = _answers(gone, np.zeros_like(gone))
    bound = np.full(gone.shape, np.nan)
    return Judged(condition, series.values[..., -1], answers, answers, bound, series.silent)


def _answers(holds: npt.NDArray[np.bool_], unknown: npt.NDArray[np.bool_]) -> Answers:
    return np.where(unknown, UNKNOWN, np.where(holds, YES, NO))


def _fixed(threshold: float, clear: float | None, series: Series) -> tuple[Floats, Floats]:
    shape = series.numerators.shape
    return np.full(shape, threshold), np.full(shape, threshold if clear is None else clear)


def _twice(bound: Floats) -> tuple[Floats, Floats]:
    return bound, bound


def _before(series: Series, days: int) -> Floats:
    return series.values[..., -1 - days]


def _changed(before: Floats, by: float, percent: bool) -> tuple[Floats, Floats]:
    if not percent:
        return _twice(before + by)
    # Nothing is so many per cent of nothing.
    return _twice(np.where(before > 0, before * (1 + by / 100), np.nan))


def _same_weekday(condition: Spike | Drop, series: Series) -> tuple[Floats, Floats]:
    """The median of the baseline, and its robust deviation."""
    newest = -1 - 7 * (condition.skip_weeks + 1)
    baseline = series.values[..., newest - 7 * (condition.weeks - 1) : (newest + 1) or None : 7]
    known = (~np.isnan(baseline)).sum(axis=-1)
    usual = np.where(known >= _KNOWN_SHARE * condition.weeks, _median(baseline), np.nan)
    deviation = _NORMAL * _median(np.abs(baseline - usual[..., None]))
    return usual, np.maximum(deviation, condition.least_deviation)


def _compared_with(condition: Exceeds | FallsShort, series: Series) -> Floats:
    if condition.to == "parent":
        return series.parents[..., -1]
    return _median_of_others(series.values[..., -1])


def _median(numbers: Floats) -> Floats:
    """Of the last axis, without what is unknown; NaN where nothing is known."""
    ordered = np.sort(numbers, axis=-1)  # NaN comes last
    count = (~np.isnan(numbers)).sum(axis=-1)[..., None]
    lower = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=-1)
    upper = np.take_along_axis(ordered, np.minimum(count // 2, numbers.shape[-1] - 1), axis=-1)
    return (lower[..., 0] + upper[..., 0]) / 2


def _median_of_others(values: Floats) -> Floats:
    """Of each place along the last axis, the median of all other known ones."""
    order = np.argsort(values, axis=-1)
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(values.shape[-1]) + np.zeros_like(order), axis=-1)
    ordered = np.take_along_axis(values, order, axis=-1)
    others = (~np.isnan(values)).sum(axis=-1, keepdims=True) - ~np.isnan(values)

    def nth(place: np.ndarray) -> Floats:
        """Of the others: what stands behind the place itself moves up by one."""
        found = np.take_along_axis(
            ordered, np.minimum(place + (place >= rank), values.shape[-1] - 1), axis=-1
        )
        return np.where(others > 0, found, np.nan)

    return (nth(np.maximum(others - 1, 0) // 2) + nth(others // 2)) / 2
