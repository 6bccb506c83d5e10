"""Values of ratios: both sides carried forward to each day on which one of them changes."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import polars as pl

from schemas.indicators import Ratio
from sinks.indicators.values import VALUES

_PLACE = ("area", "breakdown")


def affected(ratios: Sequence[Ratio], changed: Collection[str]) -> list[Ratio]:
    """The ratios of which a side is among the indicators that changed."""
    return [found for found in ratios if found.numerator in changed or found.denominator in changed]


def first_days(values: pl.DataFrame, ratio: Ratio) -> pl.DataFrame:
    """Area, breakdown and the first day (`since`) with a value of a side of `ratio`."""
    return (
        values.filter(pl.col("indicator").is_in([ratio.numerator, ratio.denominator]))
        .group_by(*_PLACE)
        .agg(pl.col("day").min().alias("since"))
    )


def ratio_values(
    ratio: Ratio, sides: pl.DataFrame, stored: pl.DataFrame, since: pl.DataFrame
) -> pl.DataFrame:
    """The values (`VALUES`) of `ratio` that change, in each area and breakdown of `since`, from its day on.

    `sides` has the values of numerator and denominator, `stored` those that the ratio has so far.
    """
    own = stored.filter(pl.col("indicator") == ratio.id)
    points = pl.concat(
        [
            _side(sides, ratio.numerator, "numerator"),
            _side(sides, ratio.denominator, "denominator"),
            own.select(*_PLACE, "day", was_above="numerator", was_below="denominator"),
        ],
        how="diagonal",
    )
    is_new = (
        pl.col("was_above").is_null()
        | (pl.col("was_above") != pl.col("numerator"))
        | (pl.col("was_below") != pl.col("denominator"))
    )
    quotient = pl.col("numerator") / pl.col("denominator")
    return (
        points.join(since, on=_PLACE)
        .group_by(*_PLACE, "since", "day")
        .agg(pl.col("numerator", "denominator", "was_above", "was_below").drop_nulls().first())
        .sort(*_PLACE, "day")
        .with_columns(pl.col("numerator", "denominator").forward_fill().over(_PLACE).fill_null(0.0))
        .filter((pl.col("day") >= pl.col("since")) & is_new)
        .with_columns(
            indicator=pl.lit(ratio.id),
            value=pl.when(pl.col("denominator") == 0).then(0.0).otherwise(quotient),
        )
        .select(VALUES.names())
    )


def _side(values: pl.DataFrame, indicator: str, name: str) -> pl.DataFrame:
    return values.filter(pl.col("indicator") == indicator).select(*_PLACE, "day", pl.col("value").alias(name))
