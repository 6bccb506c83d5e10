"""Reads what may be published. Boards, mails and the API read values here and nowhere else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from schemas.contracts import contracts
from schemas.indicators import Flow, Indicators, Ratio, Stock
from sinks.clickhouse.database import Database, statement
from sinks.clickhouse.suppression import deciding_group, needed_areas, suppressed_areas, suppressed_parts

Series = tuple[str, str, str]


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
    """Values with small cells suppressed, filled from day to day."""

    def __init__(self, database: Database, indicators: Indicators) -> None:
        self._database = database
        self._indicators = indicators

    def totals(self, indicators: Iterable[str], areas: Iterable[str], since: date, until: date) -> list[Cell]:
        """One cell for each indicator, area and day, in that order."""
        wanted, places = list(indicators), list(areas)
        names = self._with_sides(wanted)
        cells = self._filled(names, needed_areas(places), [""], since, until)
        hidden = {
            (name, day): self._hidden(cells, name, places, day)
            for name in self._counts(names)
            for day in _days(since, until)
        }
        sides = {indicator: self._counts(self._with_sides([indicator])) for indicator in wanted}
        return [
            self._shown(
                cells[indicator, area, "", day],
                any(area in hidden[side, day] for side in sides[indicator]),
            )
            for indicator in wanted
            for area in places
            for day in _days(since, until)
        ]

    def breakdowns(self, indicator: str, area: str, day: date) -> list[Cell]:
        """The cells of every declared breakdown.

        Of areas that make up one, a breakdown is hidden for all when a single cell or total among them is small: what
        is shown of neighbours, parts and totals would together give it away. The country has no neighbours: there
        only enough cells are hidden.
        """
        families = breakdown_values(self._indicators[indicator])
        parts = [part for family in families for part in family]
        names = self._with_sides([indicator])
        cells = self._filled(names, needed_areas([area]), ["", *parts], day, day)
        sides, group = self._counts(names), deciding_group(area)
        totals_are_hidden = any(self._hidden(cells, side, group, day) for side in sides)
        found = []
        for family in families:
            hidden = (
                set(family) if totals_are_hidden else self._hidden_parts(cells, sides, group, family, day)
            )
            found += [self._shown(cells[indicator, area, part, day], part in hidden) for part in family]
        return found

    def _hidden_parts(
        self, cells: Cells, sides: Sequence[str], group: Sequence[str], family: Sequence[str], day: date
    ) -> set[str]:
        hidden: set[str] = set()
        for side in sides:
            minimum = self._indicators[side].minimum_cell
            for member in group:
                counts = {part: cells[side, member, part, day].value or 0.0 for part in family}
                hidden |= suppressed_parts(counts, minimum)
        return set(family) if hidden and len(group) > 1 else hidden

    def _hidden(self, cells: Cells, indicator: str, areas: Iterable[str], day: date) -> frozenset[str]:
        """Of `areas`, those whose total may not be shown."""
        places = list(areas)
        counts = {place: cells[indicator, place, "", day].value or 0.0 for place in needed_areas(places)}
        return suppressed_areas(places, counts, self._indicators[indicator].minimum_cell)

    def _shown(self, cell: Cell, hidden: bool) -> Cell:
        if hidden:
            return _hide(cell)
        is_ratio = isinstance(self._indicators[cell.indicator], Ratio)
        if is_ratio and (not cell.denominator or cell.known_at is None):
            return replace(cell, value=None)
        return cell

    def _counts(self, names: Iterable[str]) -> list[str]:
        """Those of the indicators that count; a ratio is as secret as its sides."""
        return [name for name in names if not isinstance(self._indicators[name], Ratio)]

    def _with_sides(self, indicators: Sequence[str]) -> list[str]:
        found = set(indicators)
        for name in indicators:
            definition = self._indicators[name]
            if isinstance(definition, Ratio):
                found |= {definition.numerator, definition.denominator}
        return sorted(found)

    def _filled(
        self,
        indicators: Sequence[str],
        areas: Iterable[str],
        breakdowns: Sequence[str],
        since: date,
        until: date,
    ) -> Cells:
        """A cell for every combination and day; where nothing is stored the value is zero and known never."""
        places = sorted(areas)
        steps: dict[Series, dict[date, Cell]] = defaultdict(dict)
        for indicator, area, breakdown, at, latest in self._database.rows(
            statement("published_steps"),
            indicators=list(indicators), areas=places, breakdowns=list(breakdowns), since=since, until=until,
        ):  # fmt: skip
            steps[indicator, area, breakdown][at] = _cell(indicator, area, breakdown, at, latest)
        filled = {}
        for indicator in indicators:
            for area in places:
                for breakdown in breakdowns:
                    held = Cell(indicator, area, breakdown, since, 0.0, 0.0, 1.0, False, None)
                    changes = steps.get((indicator, area, breakdown), {})
                    for day in _days(since, until):
                        held = changes.get(day, held)
                        filled[indicator, area, breakdown, day] = (
                            held if held.day == day else replace(held, day=day)
                        )
        return filled


def breakdown_values(indicator: Flow | Stock | Ratio) -> list[list[str]]:
    """The breakdowns of an indicator, family by family: [['sex=female', …], ['age_group=a00_05', …]]."""
    symbols = next(
        {field.name: field.symbols for field in contract.fields if field.symbols}
        for contract in contracts().values()
    )
    return [[f"{field}={symbol}" for symbol in symbols[field]] for field in indicator.breakdowns]


def _cell(
    indicator: str, area: str, breakdown: str, day: date, latest: tuple[float, float, float, bool, datetime]
) -> Cell:
    value, numerator, denominator, provisional, known_at = latest
    known = known_at if known_at.tzinfo else known_at.replace(tzinfo=UTC)
    return Cell(indicator, area, breakdown, day, value, numerator, denominator, bool(provisional), known)


def _hide(cell: Cell) -> Cell:
    return replace(cell, value=None, numerator=None, denominator=None, suppressed=True)


def _days(since: date, until: date) -> list[date]:
    return [since + timedelta(days=number) for number in range((until - since).days + 1)]
