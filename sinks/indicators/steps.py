"""Which steps the events of some persons make: from `day` on, the value of a cell is higher by `delta`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, reduce
from operator import and_

import polars as pl

from schemas.areas import municipalities
from schemas.indicators import Flow, Stock

#: Where a person counts.
PLACE = ("municipality", "sex", "age_group")
STEPS = pl.Schema(
    {
        "indicator": pl.String,
        "subject": pl.Binary,
        "municipality": pl.String,
        "sex": pl.String,
        "age_group": pl.String,
        "day": pl.Date,
        "delta": pl.Int64,
    }
)


def steps_of(facts: pl.DataFrame, indicators: Sequence[Flow | Stock]) -> pl.DataFrame:
    """The steps (`STEPS`) that all events of one type make, for the indicators that rest on that type.

    `facts` has the highest revision of each event that is not cancelled, all events of each person, in their order:
    by person, moment and id. Its columns: `subject`, the Brussels day on which it `happened`, municipality as it was
    called then, sex, age_group, and the fields that the indicators look at.
    """
    present = facts.with_columns(pl.col("municipality").replace(_present_names()))
    made = [
        _flow(present, found) if isinstance(found, Flow) else _stock(present, found) for found in indicators
    ]
    return pl.concat([STEPS.to_frame(), *made])


def difference(target: pl.DataFrame, existing: pl.DataFrame) -> pl.DataFrame:
    """The steps that are missing in `existing`, with those that are too many taken back. Both are `STEPS`."""
    return (
        pl.concat([target, existing.select(STEPS.names()).with_columns(-pl.col("delta"))])
        .group_by("indicator", "subject", *PLACE, "day")
        .agg(pl.col("delta").sum())
        .filter(pl.col("delta") != 0)
        .select(STEPS.names())
    )


def _flow(facts: pl.DataFrame, indicator: Flow) -> pl.DataFrame:
    """Each event counts from its day on, and no longer when the window has passed."""
    counted = facts.filter(_matches(indicator.filter))
    begins = _steps(counted, indicator.id, 1, pl.col("happened"))
    ends = _steps(counted, indicator.id, -1, pl.col("happened").dt.offset_by(f"{indicator.window_days}d"))
    return pl.concat([begins, ends])


def _stock(facts: pl.DataFrame, indicator: Stock) -> pl.DataFrame:
    """The last event of a day decides: a step down where the person was, a step up where the person is."""
    enters = _matches(indicator.enter)
    states = (
        facts.with_columns(enters=enters)
        .filter(pl.col("enters") | _matches(indicator.leave))
        .group_by("subject", "happened", maintain_order=True)
        .last()
    )
    before = states.with_columns(pl.col("enters", *PLACE).shift(1).over("subject"))
    entered = _steps(states.filter("enters"), indicator.id, 1, pl.col("happened"))
    left = _steps(before.filter("enters"), indicator.id, -1, pl.col("happened"))
    return pl.concat([entered, left])


def _steps(events: pl.DataFrame, indicator: str, delta: int, day: pl.Expr) -> pl.DataFrame:
    return events.select(
        pl.lit(indicator).alias("indicator"),
        "subject",
        *PLACE,
        day.alias("day"),
        pl.lit(delta, pl.Int64).alias("delta"),
    )


def _matches(fields: Mapping[str, Sequence[str]]) -> pl.Expr:
    return reduce(and_, (pl.col(field).is_in(values).fill_null(False) for field, values in fields.items()))


@cache
def _present_names() -> dict[str, str]:
    """Today's code of each municipality that was merged away."""
    return {nis: place.current_nis for nis, place in municipalities().items() if nis != place.current_nis}
