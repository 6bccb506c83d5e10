"""Cells and breakdowns: how the values of several fields are written as one text.

A cell names all fields by which an indicator is broken down, `sex=female;age_group=a18_34`; a breakdown names those of
one of its families, and an empty one is the total.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

#: What stands for a field that an event left empty.
NOT_GIVEN = "none"
TOTAL = ""


def cell_of(dimensions: Sequence[str]) -> pl.Expr:
    """The cell of each row, from its columns of these names."""
    if not dimensions:
        return pl.lit(TOTAL)
    parts = [
        part
        for number, field in enumerate(dimensions)
        for part in (
            pl.lit(f"{';' if number else ''}{field}="),
            pl.col(field).fill_null(NOT_GIVEN),
        )
    ]
    return pl.concat_str(parts)


def breakdowns_of(cell: str, families: Iterable[Sequence[str]]) -> list[str]:
    """The breakdowns that a cell counts in: the total, and one of each family whose fields it has."""
    values: Mapping[str, str] = dict(part.split("=", 1) for part in cell.split(";") if part)
    return [TOTAL, *(breakdown(family, values) for family in families if values.keys() >= set(family))]


def breakdown(family: Sequence[str], values: Mapping[str, str]) -> str:
    return ";".join(f"{field}={values[field]}" for field in family)
