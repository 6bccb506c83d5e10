"""From moves to values, day by day: sums carried forward, and what is worked out from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta

import polars as pl

from schemas.indicators import (
    Change,
    Completeness,
    Counted,
    Derived,
    Divergence,
    Duration,
    Freshness,
    Indicator,
    Indicators,
    Occupancy,
    Ratio,
    has_count,
    scale_of,
    sides_of,
)
from sinks.indicators.steps import COUNT, FIRST, LEFT, LEFT_COUNT

PLACE = ("area", "breakdown")
#: Moves of one indicator: those before the first day are summed under it.
MOVES = pl.Schema(
    {
        "area": pl.String(),
        "breakdown": pl.String(),
        "day": pl.Date(),
        "bin": pl.Int32(),
        "delta": pl.Int64(),
        "known_at": pl.Datetime("ms", "UTC"),
    }
)
#: Of one indicator, each place on each day. `known_at` is empty where nothing was ever known. What is `suppressed` has
#: no numbers; nothing is before disclosure control (sinks/indicators/disclosure.py).
VALUES = pl.Schema(
    {
        "area": pl.String(),
        "breakdown": pl.String(),
        "day": pl.Date(),
        "value": pl.Float64(),
        "numerator": pl.Float64(),
        "denominator": pl.Float64(),
        "known_at": pl.Datetime("ms", "UTC"),
        "suppressed": pl.Boolean(),
    }
)


def counted_sides(indicators: Iterable[Indicator], known: Indicators) -> dict[str, Counted]:
    """The counted indicators that these rest on, themselves among them."""
    found: dict[str, Counted] = {}
    for indicator in indicators:
        names = sides_of(indicator) if isinstance(indicator, Derived) else (indicator.id,)
        found |= {name: side for name in names if isinstance(side := known[name], Counted)}
    return found


def days_before(indicators: Iterable[Indicator]) -> int:
    """So many days before the first are looked at."""
    return max((found.days for found in indicators if isinstance(found, Change)), default=0)


def counted_values(
    indicator: Counted,
    moves: pl.DataFrame,
    places: pl.DataFrame,
    days: Sequence[date],
    as_told: Callable[[pl.DataFrame], pl.DataFrame] = lambda sums: sums,
) -> pl.DataFrame:
    """`VALUES` of a counted indicator from its `MOVES`, in all `places` (area, breakdown), on consecutive days.

    `as_told` is given the `sum` of each place, day and bin, and may alter it.
    """
    grid = places.join(pl.DataFrame({"day": days}, schema={"day": pl.Date}), how="cross")
    return values_of_sums(indicator, as_told(_carried(moves, days)), grid)


def values_of_sums(indicator: Counted, sums: pl.DataFrame, grid: pl.DataFrame) -> pl.DataFrame:
    """`VALUES` of each place and day of `grid`, from the `sum` of each of its bins and when that was `known_at`."""
    known = sums.group_by(*PLACE, "day").agg(pl.col("known_at").max())
    if isinstance(indicator, Duration):
        sides = _quantiles(sums, indicator.quantile)
    elif isinstance(indicator, Freshness):
        sides = _longest(sums)
    else:
        sides = sums.group_by(*PLACE, "day").agg(
            numerator=pl.col("sum").filter(pl.col("bin").is_in([FIRST, LEFT])).sum(),
            denominator=pl.col("sum").filter(pl.col("bin").is_in([COUNT, LEFT_COUNT])).sum().cast(pl.Float64),
        )
        scale = float(scale_of(indicator))
        if scale != 1:
            scales = pl.repeat(scale, len(sides), eager=True)
            sides = sides.with_columns(_shares(sides["numerator"], scales).alias("numerator"))
        sides = sides.with_columns(pl.col("numerator").cast(pl.Float64))
    denominator = pl.col("denominator").fill_null(0.0) if has_count(indicator) else pl.lit(1.0)
    found = (
        grid.join(sides, on=[*PLACE, "day"], how="left")
        .join(known, on=[*PLACE, "day"], how="left")
        .with_columns(pl.col("numerator").fill_null(0.0), denominator=denominator)
    )
    is_share = isinstance(indicator, Completeness)
    value = _shares(found["numerator"], found["denominator"]) if is_share else found["numerator"]
    return found.with_columns(value.alias("value"), suppressed=pl.lit(False)).select(VALUES.names())


def derived_values(
    indicator: Derived, first: pl.DataFrame, second: pl.DataFrame, days: Sequence[date]
) -> pl.DataFrame:
    """`VALUES` on these days of what is worked out from the `VALUES` of its sides, which may begin earlier."""
    if isinstance(indicator, Change):
        second = second.with_columns(pl.col("day").dt.offset_by(f"{indicator.days}d"))
    joined = first.join(second, on=[*PLACE, "day"], suffix="_second").filter(pl.col("day").is_in(list(days)))
    above, below = joined["value"], joined["value_second"]
    found = joined.with_columns(
        numerator=above,
        denominator=below,
        known_at=pl.max_horizontal("known_at", "known_at_second"),
        suppressed=_is_suppressed(indicator),
        value=_worked_out(indicator, above.fill_null(0.0), below.fill_null(0.0)),
    )
    return without_suppressed(found).select(VALUES.names())


def _is_suppressed(indicator: Derived) -> pl.Expr:
    """What is less than a batch counts as none where things are subtracted, and as unknown where they are divided."""
    first, second = pl.col("suppressed"), pl.col("suppressed_second")
    is_difference = isinstance(indicator, Change) and not indicator.relative
    return first & second if is_difference else first | second


def without_suppressed(values: pl.DataFrame) -> pl.DataFrame:
    """`VALUES` without the numbers of those that are suppressed."""
    shown = ~pl.col("suppressed")
    return values.with_columns(
        pl.when(shown).then(pl.col(name)).alias(name) for name in ("value", "numerator", "denominator")
    )


def values_from_sides(
    definitions: Iterable[Indicator], counted: Mapping[str, pl.DataFrame], since: date, until: date
) -> dict[str, pl.DataFrame]:
    """`VALUES` by indicator on these days; `counted` has those of all sides, and begins as early as they ask for."""
    shown = days_between(since, until)
    found = {}
    for definition in definitions:
        if isinstance(definition, Derived):
            above, below = sides_of(definition)
            found[definition.id] = derived_values(definition, counted[above], counted[below], shown)
        else:
            found[definition.id] = counted[definition.id].filter(pl.col("day") >= since)
    return found


def days_between(since: date, until: date) -> list[date]:
    return [since + timedelta(days=number) for number in range((until - since).days + 1)]


def _worked_out(indicator: Derived, above: pl.Series, below: pl.Series) -> pl.Series:
    match indicator:
        case Ratio():
            return _shares(above, below) * indicator.per
        case Occupancy():
            return _shares(above, below)
        case Change(relative=False):
            return above - below
        case Change() | Divergence():
            return _shares(above - below, below)


def _shares(above: pl.Series, below: pl.Series) -> pl.Series:
    """A share of nothing is written as zero; whoever shows it looks at the denominator.

    Divided one by one: polars multiplies by the reciprocal of a single divisor, which is not always the same.
    """
    shares = [part / whole if whole else 0.0 for part, whole in zip(above, below, strict=True)]
    return pl.Series(shares, dtype=pl.Float64)


def _carried(moves: pl.DataFrame, days: Sequence[date]) -> pl.DataFrame:
    """The sum of each place and bin on each day, and when it last changed."""
    bins = moves.select(*PLACE, "bin").unique()
    return (
        bins.join(pl.DataFrame({"day": days}, schema={"day": pl.Date}), how="cross")
        .join(moves, on=[*PLACE, "bin", "day"], how="left")
        .sort(*PLACE, "bin", "day")
        .with_columns(
            sum=pl.col("delta").fill_null(0).cum_sum().over(*PLACE, "bin"),
            known_at=pl.col("known_at").dt.epoch("ms").cum_max().forward_fill().over(*PLACE, "bin"),
        )
        .with_columns(pl.col("known_at").cast(pl.Datetime("ms")).dt.replace_time_zone("UTC"))
    )


def _quantiles(sums: pl.DataFrame, quantile: float) -> pl.DataFrame:
    """The smallest bin that at least this share of all does not exceed; and how many there are."""
    upto = pl.col("sum").cum_sum().over(*PLACE, "day", order_by="bin")
    total = pl.col("sum").sum().over(*PLACE, "day")
    return (
        sums.with_columns(upto=upto, total=total)
        # Whole numbers on both sides: a share of a count must not be off by a rounding error.
        .filter(
            (pl.col("upto") * 1_000_000 >= round(quantile * 1_000_000) * pl.col("total"))
            & (pl.col("sum") > 0)
        )
        .group_by(*PLACE, "day")
        .agg(
            numerator=pl.col("bin").min().cast(pl.Float64),
            denominator=pl.col("total").first().cast(pl.Float64),
        )
    )


def _longest(sums: pl.DataFrame) -> pl.DataFrame:
    """The days since the earliest bin in which any is left; and how many there are."""
    return (
        sums.filter(pl.col("sum") > 0)
        .group_by(*PLACE, "day")
        .agg(earliest=pl.col("bin").min(), denominator=pl.col("sum").sum().cast(pl.Float64))
        .with_columns(numerator=(pl.col("day").dt.epoch("d") - pl.col("earliest")).cast(pl.Float64))
    )
