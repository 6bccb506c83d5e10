"""What new steps make of the values: every area around their municipality, its total and its breakdowns.

A series is one indicator in one area and breakdown (empty for the total). A value holds from its day until the next
day of its series that has one.
"""

from __future__ import annotations

from functools import cache

import polars as pl

from schemas.areas import ancestors, municipalities

SERIES = ("indicator", "area", "breakdown")
_POINT: dict[str, pl.DataType] = {
    "indicator": pl.String(),
    "area": pl.String(),
    "breakdown": pl.String(),
    "day": pl.Date(),
}
#: What changes series: from `day` on, their values are higher by `delta`.
MOVES = pl.Schema({**_POINT, "delta": pl.Int64()})
#: New revisions.
VALUES = pl.Schema({**_POINT, "value": pl.Float64(), "numerator": pl.Float64(), "denominator": pl.Float64()})
#: What is stored, in its last revision. `settled` is the value of the last finished refresh, none where there was none:
#: a later revision is of a refresh that broke off.
STORED = pl.Schema({**VALUES, "settled": pl.Float64()})


def moves_of(cells: pl.DataFrame) -> pl.DataFrame:
    """`MOVES` of steps summed by cell: indicator, municipality, sex, age_group, day, delta."""
    placed = (
        cells.join(_areas_around(), on="municipality")
        .group_by("indicator", "area", "sex", "age_group", "day")
        .agg(pl.col("delta").sum())
    )
    breakdowns = (
        pl.lit(""),
        pl.concat_str(pl.lit("sex="), "sex"),
        pl.concat_str(pl.lit("age_group="), "age_group"),
    )
    parts = [
        placed.with_columns(breakdown.alias("breakdown")).select(MOVES.names()) for breakdown in breakdowns
    ]
    return pl.concat(parts).group_by(*SERIES, "day").agg(pl.col("delta").sum())


def counts(moves: pl.DataFrame, stored: pl.DataFrame) -> pl.DataFrame:
    """Every value (`VALUES`) of the series that move, on each of their days, `changed` or not.

    The settled values and what moved them since: so a refresh that broke off is as if it had never begun.
    """
    known = stored.join(moves.select(SERIES).unique(), on=SERIES, how="semi")
    return (
        known.select(*SERIES, "day", "settled", was="value")
        .join(moves, on=[*SERIES, "day"], how="full", coalesce=True)
        .with_columns(pl.col("delta").fill_null(0))
        # A day without a value that nothing moves gets none, here and in the ratios that rest on it.
        .filter(pl.col("was").is_not_null() | (pl.col("delta") != 0))
        .sort(*SERIES, "day")
        .with_columns(
            value=pl.col("settled").forward_fill().over(SERIES).fill_null(0.0)
            + pl.col("delta").cum_sum().over(SERIES)
        )
        .with_columns(
            numerator=pl.col("value"),
            denominator=pl.lit(1.0),
            changed=pl.col("was").is_null() | (pl.col("was") != pl.col("value")),
        )
        .select(*VALUES.names(), "changed")
    )


@cache
def _areas_around() -> pl.DataFrame:
    """Each municipality of today with each area that it lies in, itself among them."""
    present = {place.current_nis for place in municipalities().values()}
    pairs = [(nis, area) for nis in sorted(present) for area in ancestors(nis)]
    return pl.DataFrame(pairs, schema={"municipality": pl.String, "area": pl.String}, orient="row")
