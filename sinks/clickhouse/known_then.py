"""Published values as they were known at many moments: what `PublishedValues` would have answered then, all at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
import polars as pl

from schemas.indicators import Counted, Derived, Indicator, Indicators, sides_of
from sinks.clickhouse.database import Database, statement
from sinks.clickhouse.generations import read_generations, standing
from sinks.clickhouse.published import told_numbers
from sinks.indicators.disclosure import told_of_sums
from sinks.indicators.known_then import CHANGES, Looks, sums_then
from sinks.indicators.moves import areas_around
from sinks.indicators.values import counted_sides, days_before, derived_values

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Then:
    """What was known at a moment of a day and of days before it."""

    as_of: datetime
    until: date


class KnownThen:
    """Reads the steps of an indicator once, whatever the number of moments."""

    def __init__(self, database: Database, indicators: Indicators) -> None:
        self._database = database
        self._indicators = indicators

    def numbers(
        self, indicator: str, areas: Sequence[str], moments: Sequence[Then], lags: Sequence[int]
    ) -> pl.DataFrame:
        """As `numbers_then`, as known at each moment's `as_of`. Nothing is `silent` while it was not worked out."""

        def sums_of(side: Counted, looks: Looks) -> pl.DataFrame:
            return self._sums(side, areas, moments, looks)

        untils = [moment.until for moment in moments]
        found = numbers_then(self._indicators, indicator, areas, untils, lags, sums_of)
        generations = read_generations(self._database)
        sides = counted_sides([self._indicators[indicator]], self._indicators).keys()
        stood = [
            number
            for number, moment in enumerate(moments)
            if sides <= standing(generations, moment.as_of).keys()
        ]
        return found.with_columns(silent=pl.col("silent") & pl.col("moment").is_in(stood))

    def _sums(
        self, side: Counted, areas: Sequence[str], moments: Sequence[Then], looks: Looks
    ) -> pl.DataFrame:
        """`SUMS`."""
        by_generation: dict[int, list[int]] = {}
        generations = read_generations(self._database)
        for number, moment in enumerate(moments):
            generation = standing(generations, moment.as_of).get(side.id)
            if generation is not None:
                by_generation.setdefault(generation, []).append(number)
        bounds = self._bounds(moments)
        found = [
            sums_of_moments(self._changes(side.id, generation, areas, bounds, looks), numbers, looks)
            for generation, numbers in by_generation.items()
        ]
        return pl.concat([pl.DataFrame(schema=SUMS), *found])

    def _bounds(self, moments: Sequence[Then]) -> np.ndarray:
        """The number of the last refresh that was finished by each moment; 0 before the first."""
        bounds = np.zeros(len(moments), np.uint64)
        asked = [moment.as_of.astimezone(UTC).replace(tzinfo=None) for moment in moments]
        for number, last in self._database.rows(statement("refreshes_then"), moments=asked):
            bounds[number - 1] = last
        return np.maximum.accumulate(bounds)

    def _changes(
        self, indicator: str, generation: int, areas: Sequence[str], bounds: np.ndarray, looks: Looks
    ) -> pl.DataFrame:
        """`CHANGES` in these areas that were known by the last moment."""
        steps = self._database.frame(
            statement("steps_by_refresh"), indicator=indicator, generation=generation, until=max(looks.untils)
        )
        first = np.searchsorted(bounds, steps["refresh"].to_numpy(), side="left")
        places = areas_around().filter(pl.col("area").is_in(list(areas)))
        return (
            steps.with_columns(pl.Series("moment", first, pl.Int32))
            .filter(pl.col("moment") < len(bounds))
            .join(places, on="municipality")
            .group_by("area", "day", "bin", "moment")
            .agg(pl.col("delta").sum())
            .select(CHANGES.names())
        )


#: `SUMS` of a counted indicator on the days that are looked at.
SumsOf = Callable[[Counted, Looks], pl.DataFrame]


def numbers_then(
    indicators: Indicators,
    indicator: str,
    areas: Sequence[str],
    untils: Sequence[date],
    lags: Sequence[int],
    sums_of: SumsOf,
) -> pl.DataFrame:
    """moment (its number), area, day, value, numerator, denominator, silent: for each moment and area, and each of the
    days that lie so many before the moment's `until`. Moments ascend. The numbers are those of `told_numbers`.
    """
    definition = indicators[indicator]
    extra = days_before([definition])
    looks = Looks(
        untils=untils,
        lags=sorted({*lags, *(lag + extra for lag in lags)}, reverse=True),
        window=max(lags) + 1 + extra,
    )
    # Many times the same words: as numbers they are joined in half the time.
    words: dict[str, pl.DataType] = {
        "area": pl.Enum(sorted(areas)),
        "breakdown": pl.Enum([str(number) for number in range(len(untils))]),
    }
    in_words = [pl.col(name).cast(kind) for name, kind in words.items()]
    known_at = pl.lit(_LONG_AGO, pl.Datetime("ms", "UTC")).alias("known_at")
    sides = {
        name: told_of_sums(
            side,
            sums_of(side, looks).with_columns(*in_words, known_at),
            _grid(areas, looks).with_columns(*in_words),
        )
        for name, side in counted_sides([definition], indicators).items()
    }
    wanted = _grid(areas, Looks(looks.untils, list(lags), looks.window)).with_columns(*in_words)
    values = _values(definition, sides, wanted)
    return (
        told_numbers(definition, values)
        .with_columns(
            area=pl.col("area").cast(pl.String), moment=pl.col("breakdown").to_physical().cast(pl.Int32)
        )
        .drop("breakdown")
    )


#: Sums of one indicator, with the moment's number for the breakdown.
SUMS = pl.Schema(
    {"area": pl.String(), "breakdown": pl.String(), "day": pl.Date(), "bin": pl.Int32(), "sum": pl.Int64()}
)


def sums_of_moments(changes: pl.DataFrame, numbers: Sequence[int], looks: Looks) -> pl.DataFrame:
    """`SUMS` of these moments alone, from `CHANGES`: what was known before the first of them is known there."""
    own = Looks([looks.untils[number] for number in numbers], looks.lags, looks.window)
    renumbered = np.searchsorted(np.array(numbers), changes["moment"].to_numpy(), side="left")
    known = changes.with_columns(pl.Series("moment", renumbered, pl.Int32)).filter(
        pl.col("moment") < len(numbers)
    )
    names = pl.DataFrame({"moment": range(len(numbers)), "breakdown": [str(number) for number in numbers]})
    return sums_then(known, own).join(names.cast({"moment": pl.Int32}), on="moment").select(SUMS.names())


def _grid(areas: Sequence[str], looks: Looks) -> pl.DataFrame:
    """Every area, moment and day."""
    days = pl.DataFrame(
        {
            "breakdown": [str(number) for number in range(len(looks.untils)) for _ in looks.lags],
            "day": [day for number in range(len(looks.untils)) for day in looks.days(number)],
        },
        schema={"breakdown": pl.String, "day": pl.Date},
    )
    return pl.DataFrame({"area": list(areas)}).join(days, how="cross")


def _values(definition: Indicator, sides: Mapping[str, pl.DataFrame], wanted: pl.DataFrame) -> pl.DataFrame:
    if not isinstance(definition, Derived):
        return sides[definition.id]
    above, below = sides_of(definition)
    days = wanted["day"].unique().to_list()
    found = derived_values(definition, sides[above], sides[below], days)
    return wanted.join(found, on=["area", "breakdown", "day"], how="left")
