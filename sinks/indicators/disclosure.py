"""What may be told of a value, so that nobody can be recognised in it (law 6). Pure functions.

Persons are told in batches. Of those that ever began to count in an area, or in a part of it, every `minimum_cell` make
a batch, in the order in which they came. It counts from the day on which it is full, and leaves a window when the last
of its persons does. So every number that is told is one of whole batches, and so is every difference of two days or two
windows; less than a batch is suppressed. docs/decisions/0005-disclosure-control.md has the method and its limits.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial

import polars as pl

from schemas.indicators import Counted, has_count, scale_of
from sinks.indicators.steps import FIRST, LEFT
from sinks.indicators.values import VALUES, counted_values, values_of_sums, without_suppressed


def told_values(
    indicator: Counted, moves: pl.DataFrame, places: pl.DataFrame, days: Sequence[date]
) -> pl.DataFrame:
    """`counted_values` as they may be told."""
    if indicator.minimum_cell <= 1:
        return counted_values(indicator, moves, places, days)
    return _told(indicator, counted_values(indicator, moves, places, days, partial(_in_batches, indicator)))


def told_of_sums(indicator: Counted, sums: pl.DataFrame, grid: pl.DataFrame) -> pl.DataFrame:
    """`values_of_sums` as they may be told."""
    if indicator.minimum_cell <= 1:
        return values_of_sums(indicator, sums, grid)
    return _told(indicator, values_of_sums(indicator, _in_batches(indicator, sums), grid))


def _told(indicator: Counted, values: pl.DataFrame) -> pl.DataFrame:
    count = pl.col("denominator") if has_count(indicator) else pl.col("numerator")
    whole = _whole(count, pl.lit(indicator.minimum_cell))
    found = values.with_columns(suppressed=whole <= 0)
    if has_count(indicator):
        found = found.with_columns(denominator=whole)
    return without_suppressed(found).select(VALUES.names())


def told_count(count: int, minimum: int) -> int | None:
    """A number of events or persons as it may be told; None when it is less than a batch."""
    if minimum <= 1:
        return count
    return count // minimum * minimum or None


def told_moment(moment: datetime | None) -> datetime | None:
    """When an agency was last heard, to the hour: each of its events moves the exact moment, which would count them."""
    return moment.replace(minute=0, second=0, microsecond=0) if moment else None


def _in_batches(indicator: Counted, sums: pl.DataFrame) -> pl.DataFrame:
    """The sums of what is summed apart, each in whole batches: who began to count, and who counts no longer."""
    if has_count(indicator) and indicator.round_to is None:
        # Quantiles need every bin; who is behind them is told in batches afterwards.
        return sums
    size = (
        pl.when(pl.col("bin").is_in([FIRST, LEFT])).then(_size(indicator)).otherwise(indicator.minimum_cell)
    )
    return sums.with_columns(sum=_whole(pl.col("sum"), size))


def _size(indicator: Counted) -> int:
    """Of a batch, in the units in which it is summed."""
    return indicator.round_to * scale_of(indicator) if indicator.round_to else indicator.minimum_cell


def _whole(number: pl.Expr, size: pl.Expr) -> pl.Expr:
    """Towards zero: sums of those that left are below it."""
    return number.sign() * (number.abs() // size) * size
