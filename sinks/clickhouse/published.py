"""Reads what may be published. Boards, mails and the API read values here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import product

from bewithu.clock import Clock, brussels_day
from schemas.contracts import contract_of
from schemas.indicators import (
    Change,
    Derived,
    Indicator,
    Indicators,
    counted_first,
    counting,
    has_count,
    sides_of,
)
from sinks.clickhouse.database import Database
from sinks.clickhouse.suppression import deciding_group, needed_areas, suppressed_areas, suppressed_parts
from sinks.clickhouse.value_reader import ValueReader
from sinks.indicators.cells import NOT_GIVEN, TOTAL, breakdown
from sinks.indicators.values import days_before, days_between


@dataclass(frozen=True, slots=True)
class Cell:
    """A value on a day. Suppressed ones have neither value nor sides.

    `value`, `numerator` and `denominator` are None when suppressed, and `value` when the denominator is zero.
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


#: By indicator, area, breakdown and day.
Cells = dict[tuple[str, str, str, date], Cell]


class PublishedValues:
    """Values with small cells suppressed, on each day."""

    def __init__(self, database: Database, indicators: Indicators, clock: Clock) -> None:
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
        names = self._with_sides(wanted)
        earlier = since - timedelta(days=days_before(self._indicators[name] for name in wanted))
        cells = self._cells(names, needed_areas(places), [TOTAL], earlier, until, as_of)
        hidden = {
            (name, day): self._hidden(cells, name, places, day)
            for name in self._counts(names)
            for day in days_between(earlier, until)
        }
        return [
            self._shown(
                cells[indicator, area, TOTAL, day],
                any(area in hidden[side] for side in self._sides_on(indicator, day)),
            )
            for indicator in wanted
            for area in places
            for day in days_between(since, until)
        ]

    def breakdowns(self, indicator: str, area: str, day: date, as_of: datetime | None = None) -> list[Cell]:
        """The cells of every declared breakdown.

        Of areas that make up one, a breakdown is hidden for all when a single cell or total among them is small: what
        is shown of neighbours, parts and totals would together give it away. The country has no neighbours: there
        only enough cells are hidden, of a combination of fields all.
        """
        families = breakdown_values(self._indicators[indicator], self._indicators)
        parts = [part for family in families for part in family]
        names = self._with_sides([indicator])
        earlier = day - timedelta(days=days_before([self._indicators[indicator]]))
        cells = self._cells(names, needed_areas([area]), [TOTAL, *parts], earlier, day, as_of)
        sides, group = self._sides_on(indicator, day), deciding_group(area)
        totals_are_hidden = any(self._hidden(cells, name, group, on) for name, on in sides)
        found = []
        for family in families:
            hidden = set(family) if totals_are_hidden else self._hidden_parts(cells, sides, group, family)
            found += [self._shown(cells[indicator, area, part, day], part in hidden) for part in family]
        return found

    def _hidden_parts(
        self,
        cells: Cells,
        sides: Iterable[tuple[str, date]],
        group: Sequence[str],
        family: Sequence[str],
    ) -> set[str]:
        hidden: set[str] = set()
        for side, day in sides:
            minimum = self._indicators[side].minimum_cell
            for member in group:
                counts = {part: self._count(cells[side, member, part, day]) for part in family}
                hidden |= suppressed_parts(counts, minimum)
        # The cells of a combination add up along each of its fields: two hidden ones would not protect each other.
        are_combined = any(";" in part for part in family)
        return set(family) if hidden and (len(group) > 1 or are_combined) else hidden

    def _hidden(self, cells: Cells, indicator: str, areas: Iterable[str], day: date) -> frozenset[str]:
        """Of `areas`, those whose total may not be shown."""
        places = list(areas)
        counts = {place: self._count(cells[indicator, place, TOTAL, day]) for place in needed_areas(places)}
        return suppressed_areas(places, counts, self._indicators[indicator].minimum_cell)

    def _count(self, cell: Cell) -> float:
        """How many persons a cell of a counted indicator is about."""
        counts_beside = has_count(self._indicators[cell.indicator])
        return (cell.denominator if counts_beside else cell.numerator) or 0.0

    def _shown(self, cell: Cell, hidden: bool) -> Cell:
        if hidden:
            return _hide(cell)
        if not cell.denominator or (
            isinstance(self._indicators[cell.indicator], Derived) and not cell.known_at
        ):
            return replace(cell, value=None)
        return cell

    def _counts(self, names: Iterable[str]) -> list[str]:
        """Those of the indicators that count; what is worked out from others is as secret as these."""
        return [name for name in names if not isinstance(self._indicators[name], Derived)]

    def _sides_on(self, indicator: str, day: date) -> set[tuple[str, date]]:
        """What a value rests on, and of which day."""
        definition = self._indicators[indicator]
        if isinstance(definition, Change):
            return {(definition.of, day), (definition.of, day - timedelta(days=definition.days))}
        if isinstance(definition, Derived):
            return {(side, day) for side in sides_of(definition)}
        return {(indicator, day)}

    def _with_sides(self, indicators: Sequence[str]) -> list[str]:
        found = set(indicators)
        for name in indicators:
            definition = self._indicators[name]
            if isinstance(definition, Derived):
                found |= set(sides_of(definition))
        return sorted(found)

    def _cells(
        self,
        indicators: Sequence[str],
        areas: Iterable[str],
        breakdowns: Sequence[str],
        since: date,
        until: date,
        as_of: datetime | None,
    ) -> Cells:
        """A cell for every combination and day; where nothing is stored the value is zero and known never."""
        found = self._reader.daily(indicators, sorted(areas), breakdowns, since, until, as_of)
        today = brussels_day(as_of or self._clock.now())
        cells = {}
        for indicator, values in found.items():
            final_upto = today - timedelta(days=self._indicators[indicator].usual_delay_days)
            for area, part, day, value, numerator, denominator, known_at in values.iter_rows():
                cells[indicator, area, part, day] = Cell(
                    indicator, area, part, day, value, numerator, denominator, day > final_upto, known_at
                )
        return cells


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


def _hide(cell: Cell) -> Cell:
    return replace(cell, value=None, numerator=None, denominator=None, suppressed=True)
