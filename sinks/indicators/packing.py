"""Steps in numbers: as they are looked up, in one column of 32 bytes.

The store packs them the same way, by sinks/clickhouse/migrations/0022_packed_steps.sql.

Indicators with their generations, and cells, are told by parts of their MD5. The first are compared before anybody
relies on it (`are_told_apart`); that two cells of one subject share 64 bits will not come up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import polars as pl

#: `generation` is the number of an indicator and its generation, `municipality` its NIS code, `day` counts from 1970.
NUMBERED = pl.Schema(
    {
        "subject": pl.Binary(),
        "generation": pl.UInt32(),
        "municipality": pl.UInt32(),
        "cell": pl.UInt64(),
        "day": pl.Int32(),
        "bin": pl.Int32(),
        "delta": pl.Int64(),
    }
)

_GENERATIONS = {"indicator": pl.String(), "generation": pl.UInt64(), "number": pl.UInt32()}
_CELLS = {"cell": pl.String(), "number_of_cell": pl.UInt64()}


def number_of_generation(indicator: str, generation: int) -> int:
    return _digest(indicator, 4) ^ (generation & 0xFFFFFFFF)


def number_of_cell(cell: str) -> int:
    return _digest(cell, 8)


def are_told_apart(generations: Iterable[tuple[str, int]]) -> bool:
    """Whether no two of these share a number."""
    known = set(generations)
    return len({number_of_generation(*each) for each in known}) == len(known)


def numbered(steps: pl.DataFrame) -> pl.DataFrame:
    """`NUMBERED`, of steps with the columns of `STEPS` and the `generation`."""
    named = steps.select("indicator", "generation").unique().rows()
    return (
        steps.join(_of_generations(named), on=["indicator", "generation"])
        .join(_of_cells(steps["cell"].unique()), on="cell")
        .select(
            "subject",
            pl.col("number").alias("generation"),
            pl.col("municipality").cast(pl.UInt32),
            pl.col("number_of_cell").alias("cell"),
            pl.col("day").to_physical(),
            "bin",
            "delta",
        )
    )


def worded(
    steps: pl.DataFrame, generations: Iterable[tuple[str, int]], cells: Mapping[int, str]
) -> pl.DataFrame:
    """The columns of `STEPS` and the `generation` again, of `NUMBERED` steps of these generations and cells, by number.

    Raises `KeyError` when a cell is none of these.
    """
    return (
        steps.rename({"generation": "number", "cell": "number_of_cell"})
        .join(_of_generations(generations), on="number")
        .join(_of_cells(cells[number] for number in steps["cell"].unique()), on="number_of_cell")
        .select(
            "indicator",
            "subject",
            pl.col("municipality").cast(pl.String),
            "cell",
            pl.col("day").cast(pl.Date),
            "bin",
            "delta",
            "generation",
        )
    )


def _of_generations(generations: Iterable[tuple[str, int]]) -> pl.DataFrame:
    rows = [(*each, number_of_generation(*each)) for each in generations]
    return pl.DataFrame(rows, schema=_GENERATIONS, orient="row")


def _of_cells(cells: Iterable[str]) -> pl.DataFrame:
    rows = [(cell, number_of_cell(cell)) for cell in cells]
    return pl.DataFrame(rows, schema=_CELLS, orient="row")


def _digest(word: str, size: int) -> int:
    # As ClickHouse's MD5 and reinterpretAs…: the first bytes, the lowest first.
    return int.from_bytes(hashlib.md5(word.encode(), usedforsecurity=False).digest()[:size], "little")
