"""Which stored values a refresh needs, which new revisions it makes of them, and what is stamped on each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl

from schemas.indicators import Ratio
from sinks.indicators.ratios import affected, first_days, ratio_values
from sinks.indicators.values import SERIES, VALUES, counts

#: Before all days that there are.
EVER = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which stored values it takes: of these indicators, areas and breakdowns (none for all), since a day.

    Beside these the last one before that day, as if it were of `day_before`.
    """

    indicators: Sequence[str]
    areas: Sequence[str]
    breakdowns: Sequence[str]
    since: date

    @property
    def day_before(self) -> date:
        return max(EVER, self.since - timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Stamps:
    """What a refresh writes beside each value. `delays`: each indicator's usual delay in days."""

    refresh: int
    known_at: datetime
    today: date
    delays: Mapping[str, int]


def wanted(moves: pl.DataFrame, ratios: Sequence[Ratio]) -> Wanted:
    """What `revisions` must know of what is stored. `moves` has at least one row."""
    changed = set(moves["indicator"].unique())
    parts = [(found.id, found.numerator, found.denominator) for found in affected(ratios, changed)]
    return Wanted(
        sorted(changed.union(*parts)),
        moves["area"].unique().sort().to_list(),
        moves["breakdown"].unique().sort().to_list(),
        moves.select(pl.col("day").min()).item(),
    )


def wanted_whole(ratio: Ratio, areas: Sequence[str]) -> Wanted:
    """What `whole_ratio` must know."""
    return Wanted([ratio.id, ratio.numerator, ratio.denominator], areas, [], EVER)


def revisions(moves: pl.DataFrame, stored: pl.DataFrame, ratios: Sequence[Ratio]) -> pl.DataFrame:
    """The new values (`VALUES`) of all that `moves` changes, and of the `ratios` that rest on it."""
    found = counts(moves, stored)
    values = found.select(VALUES.names())
    others = stored.join(found, on=SERIES, how="anti").select(VALUES.names())
    sides = pl.concat([values, others])
    made = [values.filter(found["changed"])]
    for ratio in affected(ratios, set(moves["indicator"].unique())):
        since = first_days(moves, ratio)
        made.append(ratio_values(ratio, sides, stored, since))
    return pl.concat(made)


def whole_ratio(ratio: Ratio, stored: pl.DataFrame) -> pl.DataFrame:
    """The new values of a ratio from the first day on which a side of it has one."""
    return ratio_values(ratio, stored, stored, first_days(stored, ratio))


def stamped(values: pl.DataFrame, stamps: Stamps) -> pl.DataFrame:
    """Rows of `indicator_values`. A value is provisional while events of its day usually still arrive."""
    final_upto = [stamps.today - timedelta(days=delay) for delay in stamps.delays.values()]
    delays = pl.DataFrame({"indicator": list(stamps.delays), "final_upto": final_upto})
    return values.join(delays, on="indicator").select(
        *VALUES.names(),
        provisional=pl.col("day") > pl.col("final_upto"),
        known_at=pl.lit(stamps.known_at, pl.Datetime("ms", "UTC")),
        refresh=pl.lit(stamps.refresh, pl.UInt64),
    )
