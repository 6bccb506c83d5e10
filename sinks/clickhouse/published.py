"""Reads what may be published. Boards, mails and the API read values here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import product

import polars as pl

from bewithu.clock import Clock, brussels_day
from schemas.contracts import contract_of
from schemas.indicators import (
    Change,
    Derived,
    Duration,
    Indicator,
    Indicators,
    counted_first,
    counting,
    counts_persons,
    is_sum,
)
from sinks.clickhouse.bookkeeping import Bookkeeping
from sinks.clickhouse.database import Database
from sinks.clickhouse.value_reader import ValueReader
from sinks.indicators.cells import NOT_GIVEN, TOTAL, breakdown
from sinks.indicators.disclosure import told_values
from sinks.indicators.values import days_between, values_from_sides


@dataclass(frozen=True, slots=True)
class Cell:
    """A value on a day. Suppressed ones have neither value nor sides.

    `value`, `numerator` and `denominator` are None when suppressed, and `value` when the denominator is zero.
    `known_at`: up to when what was known went into it. When the cell itself last moved is not told: with the days on
    which it moved, small numbers could be counted. `was_heard`: whether anything ever went into it; not to be shown.
    `counts_persons`: the value is told in batches of persons.
    """

    indicator: str
    area: str
    breakdown: str
    day: date
    value: float | None
    numerator: float | None
    denominator: float | None
    provisional: bool
    known_at: datetime | None
    suppressed: bool = False
    was_heard: bool = True
    counts_persons: bool = False

    @property
    def is_few(self) -> bool:
        """Suppressed, as not even one batch of persons is full."""
        return self.suppressed and self.counts_persons


#: By indicator, area, breakdown and day.
Cells = dict[tuple[str, str, str, date], Cell]


class PublishedValues:
    """Values after disclosure control, on each day (sinks/indicators/disclosure.py)."""

    def __init__(self, database: Database, indicators: Indicators, clock: Clock) -> None:
        self._database = database
        self._reader = ValueReader(database, indicators)
        self._indicators = indicators
        self._clock = clock

    def totals(
        self,
        indicators: Iterable[str],
        areas: Iterable[str],
        since: date,
        until: date,
        as_of: datetime | None = None,
    ) -> list[Cell]:
        """One cell for each indicator, area and day, in that order; as known now, or at a moment."""
        wanted, places = list(indicators), list(areas)
        cells = self._cells(wanted, places, [TOTAL], since, until, as_of)
        return [
            cells[indicator, area, TOTAL, day]
            for indicator in wanted
            for area in places
            for day in days_between(since, until)
        ]

    def numbers(
        self, indicator: str, areas: Sequence[str], since: date, until: date, as_of: datetime | None = None
    ) -> pl.DataFrame:
        """`totals` of one indicator in columns, as `told_numbers` has them."""
        definition = self._indicators[indicator]
        sides = self._reader.counted([definition], areas, [TOTAL], since, until, as_of, told_values)
        return told_numbers(definition, values_from_sides([definition], sides, since, until)[indicator])

    def generations_behind(self, indicator: str, as_of: datetime | None = None) -> Mapping[str, int]:
        """Those that what it is worked out from stands in; empty while one of them does not."""
        return self._reader.standing(self._indicators[indicator], as_of)

    def breakdowns(self, indicator: str, area: str, day: date, as_of: datetime | None = None) -> list[Cell]:
        """The cells of every declared breakdown; none where none is declared."""
        families = breakdown_values(self._indicators[indicator], self._indicators)
        parts = [part for family in families for part in family]
        if not parts:
            return []
        cells = self._cells([indicator], [area], parts, day, day, as_of)
        return [cells[indicator, area, part, day] for part in parts]

    def _cells(
        self,
        indicators: Sequence[str],
        areas: Sequence[str],
        breakdowns: Sequence[str],
        since: date,
        until: date,
        as_of: datetime | None,
    ) -> Cells:
        """A cell for every combination and day; where nothing is stored the value is zero and known never."""
        definitions = [self._indicators[name] for name in indicators]
        sides = self._reader.counted(definitions, areas, breakdowns, since, until, as_of, told_values)
        today = brussels_day(as_of or self._clock.now())
        known_at = as_of or Bookkeeping(self._database).last_refresh()
        cells = {}
        for name, values in values_from_sides(definitions, sides, since, until).items():
            definition = self._indicators[name]
            final_upto = today - timedelta(days=definition.usual_delay_days)
            for area, part, day, value, numerator, denominator, moved_at, suppressed in values.iter_rows():
                cells[name, area, part, day] = Cell(
                    name,
                    area,
                    part,
                    day,
                    value if _has_value(definition, denominator, moved_at) else None,
                    numerator,
                    denominator,
                    day > final_upto,
                    known_at,
                    suppressed,
                    was_heard=moved_at is not None,
                    counts_persons=counts_persons(definition),
                )
        return cells


def _has_value(indicator: Indicator, denominator: float | None, moved_at: datetime | None) -> bool:
    """Of nobody there is no share; and what is worked out from others is nothing before one of them is heard of."""
    if isinstance(indicator, Derived) and moved_at is None:
        return False
    return bool(denominator) or _needs_nobody(indicator)


def told_numbers(indicator: Indicator, values: pl.DataFrame) -> pl.DataFrame:
    """From `VALUES` after disclosure control to what rules judge: area, breakdown, day, value, numerator, denominator,
    silent.

    Where persons are counted and not even one batch is full these are 0; what is not told otherwise, or was never heard
    of, is null. `silent`: nothing was ever heard of it, or all that was is taken back; of durations nobody can tell.
    """
    was_heard = pl.col("known_at").is_not_null()
    is_few = pl.col("suppressed") & counts_persons(indicator)
    told = {
        "value": was_heard if _needs_nobody(indicator) else was_heard & (pl.col("denominator") != 0),
        "numerator": was_heard,
        "denominator": was_heard,
    }
    return values.select(
        "area",
        "breakdown",
        "day",
        *(
            pl.when(was_heard & is_few).then(0.0).when(known).then(name).alias(name)
            for name, known in told.items()
        ),
        # Who came into a window of durations and left it leaves nothing behind, as if it had been taken back.
        silent=~was_heard & (not isinstance(indicator, Duration)),
    )


def _needs_nobody(indicator: Indicator) -> bool:
    """Whether it has a value where nobody and nothing is behind it: a sum of nothing is 0, a share is not."""
    return is_sum(indicator) or (isinstance(indicator, Change) and not indicator.relative)


def breakdown_values(indicator: Indicator, indicators: Indicators) -> list[list[str]]:
    """The breakdowns of an indicator, family by family: [['sex=female', …], ['age_group=a00_05', …]]."""
    symbols = _symbols(counting(counted_first(indicator, indicators)).event)
    return [
        [
            breakdown(family, dict(zip(family, values, strict=True)))
            for values in product(*(symbols[field] for field in family))
        ]
        for family in indicator.breakdowns
    ]


def _symbols(event: str) -> Mapping[str, Sequence[str]]:
    """The values of each enum field, and what stands for none where it may be left out."""
    return {
        field.name: (*field.symbols, NOT_GIVEN) if field.optional else field.symbols
        for field in contract_of(event).fields
        if field.symbols
    }
