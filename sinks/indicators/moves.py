"""What steps make of the values: in every area around their municipality, in total and by each breakdown.

A series is one indicator in one area and breakdown. From a move's `day` on the series' value is higher by `delta`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

import polars as pl

from schemas.areas import ancestors, municipalities
from sinks.indicators.cells import breakdowns_of

#: Of each generation of an indicator, by id and number, the combinations of fields that it is broken down by.
Families = Mapping[tuple[str, int], Sequence[Sequence[str]]]

_GENERATIONS = {"indicator": pl.String(), "generation": pl.UInt64()}
_POINT = ("indicator", "generation", "area", "breakdown", "day", "bin")


def moves_of(steps: pl.DataFrame, families: Families) -> pl.DataFrame:
    """The moves: indicator, generation, area, breakdown, day, bin, delta.

    `steps` has the columns of `STEPS` (`subject` apart) and the `generation`; of other generations than those of
    `families` no moves are made.
    """
    kept = generations_of(families)
    cells = (
        steps.join(kept, on=["indicator", "generation"], how="semi")
        .group_by("indicator", "generation", "municipality", "cell", "day", "bin")
        .agg(pl.col("delta").sum())
        .filter(pl.col("delta") != 0)
    )
    placed = (
        cells.join(areas_around(), on="municipality")
        .group_by("indicator", "generation", "area", "cell", "day", "bin")
        .agg(pl.col("delta").sum())
    )
    return (
        placed.join(_breakdowns(cells, families), on=["indicator", "generation", "cell"])
        .group_by(_POINT)
        .agg(pl.col("delta").sum())
        .filter(pl.col("delta") != 0)
    )


def generations_of(keys: Iterable[tuple[str, int]]) -> pl.DataFrame:
    """`indicator` and `generation`, to join with what is of these generations."""
    return pl.DataFrame(list(keys), schema=_GENERATIONS, orient="row")


def _breakdowns(cells: pl.DataFrame, families: Families) -> pl.DataFrame:
    """Each cell with each breakdown that it counts in."""
    found = cells.select("indicator", "generation", "cell").unique()
    rows = [
        (name, generation, cell, breakdown)
        for name, generation, cell in found.rows()
        for breakdown in breakdowns_of(cell, families[name, generation])
    ]
    schema = {**found.schema, "breakdown": pl.String()}
    return pl.DataFrame(rows, schema=schema, orient="row")


@cache
def areas_around() -> pl.DataFrame:
    """Each municipality of today with each area that it lies in, itself among them."""
    present = {place.current_nis for place in municipalities().values()}
    pairs = [(nis, area) for nis in sorted(present) for area in ancestors(nis)]
    return pl.DataFrame(pairs, schema={"municipality": pl.String, "area": pl.String}, orient="row")
