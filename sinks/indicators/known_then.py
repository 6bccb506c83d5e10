"""Sums as they were known at many moments, each of which looks at some days before a day of its own. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

Integers = npt.NDArray[np.int64]

#: What one indicator's total in an area rose by: `moment` is the number of the first at which it was known.
CHANGES: Final = pl.Schema(
    {"area": pl.String(), "day": pl.Date(), "bin": pl.Int32(), "moment": pl.Int32(), "delta": pl.Int64()}
)
#: So many numbers are kept at a time.
_CELLS: Final = 20_000_000


@dataclass(frozen=True, slots=True)
class Looks:
    """Moment by moment the last day that is looked at; and the days before it that are, by their distance.

    What is further back than `window` days is summed under the first of these, as readers of the present do.
    """

    untils: Sequence[date]
    lags: Sequence[int]
    window: int

    def days(self, moment: int) -> list[date]:
        return [self.untils[moment] - timedelta(days=lag) for lag in self.lags]


def sums_then(changes: pl.DataFrame, looks: Looks) -> pl.DataFrame:
    """From `CHANGES`: area, moment, day, bin, sum; where nothing was known yet there is no row."""
    series = changes.select("area", "bin").unique().sort("area", "bin").with_row_index("series")
    rows = changes.join(series, on=["area", "bin"]).sort("moment")
    found = [pl.DataFrame(schema=_SUMS), *_in_chunks(rows, len(series), looks)]
    return pl.concat(found).join(series, on="series").drop("series")


_SUMS: Final = pl.Schema({"series": pl.UInt32(), "moment": pl.Int32(), "day": pl.Date(), "sum": pl.Int64()})


def _in_chunks(rows: pl.DataFrame, count: int, looks: Looks) -> Iterator[pl.DataFrame]:
    first = min([*rows.select(pl.col("day").min()).drop_nulls()["day"].to_list(), *_begins(looks)])
    span = (max(looks.untils) - first).days + 1
    size = max(1, _CELLS // span)
    for begin in range(0, count, size):
        chunk = rows.filter(pl.col("series").is_between(begin, begin + size, closed="left"))
        yield _of_chunk(chunk, begin, min(size, count - begin), first, span, looks)


def _begins(looks: Looks) -> list[date]:
    return [until - timedelta(days=looks.window - 1) for until in looks.untils]


def _of_chunk(
    rows: pl.DataFrame, begin: int, count: int, first: date, span: int, looks: Looks
) -> pl.DataFrame:
    """Moment by moment: what became known is added, then the window is summed up."""
    rows = rows.filter(pl.col("day") <= max(looks.untils))
    series = rows["series"].to_numpy().astype(np.int64) - begin
    day = (rows["day"].to_numpy() - np.datetime64(first)).astype(np.int64)
    delta = rows["delta"].to_numpy()
    ends = np.searchsorted(rows["moment"].to_numpy(), np.arange(len(looks.untils)), side="right")
    totals = np.zeros((count, span), np.int64)
    base, upto, start = np.zeros(count, np.int64), -1, 0
    places = looks.window - 1 - np.array(looks.lags)
    found: list[tuple[Integers, ...]] = []
    for moment, end in enumerate(ends):
        new = slice(start, end)
        np.add.at(totals, (series[new], day[new]), delta[new])
        old = day[new] <= upto
        np.add.at(base, series[new][old], delta[new][old])
        start = int(end)
        since = (looks.untils[moment] - first).days - looks.window + 1
        base += totals[:, upto + 1 : since + 1].sum(axis=1)
        base -= totals[:, since + 1 : upto + 1].sum(axis=1)
        upto = since
        window = np.concatenate([base[:, None], totals[:, since + 1 : since + looks.window]], axis=1)
        heard = np.logical_or.accumulate(window != 0, axis=1)[:, places]
        sums = window.cumsum(axis=1)[:, places]
        which, lag = np.nonzero(heard)
        found.append((which + begin, np.full(len(which), moment), lag, sums[which, lag]))
    return _as_frame(found, looks)


def _as_frame(found: Sequence[tuple[Integers, ...]], looks: Looks) -> pl.DataFrame:
    series, moment, lag, sums = (np.concatenate(column) for column in zip(*found, strict=True))
    untils = np.array(looks.untils, "datetime64[D]")
    days = untils[moment] - np.array(looks.lags)[lag]
    columns = {
        "series": series.astype(np.uint32),
        "moment": moment.astype(np.int32),
        "day": days,
        "sum": sums,
    }
    return pl.DataFrame(columns, schema_overrides=_SUMS)
