"""Reads what may be published. Boards, mails and the API read values here and nowhere else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from schemas.contracts import contracts
from schemas.indicators import Flow, Indicators, Ratio, Stock
from sinks.clickhouse.database import Database, statement
from sinks.clickhouse.suppression import needed_areas, suppressed_areas, suppressed_parts

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


class PublishedValues:
    """Values with small cells suppressed, filled from day to day."""

    def __init__(self, database: Database, indicators: Indicators) -> None:
        self._database = database
        self._indicators = indicators

    def totals(self, indicators: Iterable[str], areas: Iterable[str], since: date, until: date) -> list[Cell]:
        """One cell for each indicator, area and day, in that order."""
        wanted, places = list(indicators), list(areas)
        cells = self._filled(self._with_sides(wanted), needed_areas(places), [""], since, until)
        return [
            self._judged(cells, indicator, area, "", day)
            for indicator in wanted
            for area in places
            for day in _days(since, until)
        ]

    def breakdowns(self, indicator: str, area: str, day: date) -> list[Cell]:
        """The cells of every declared breakdown; hidden all together when the total is."""
        parts = breakdown_values(self._indicators[indicator])
        names = ["", *(part for family in parts for part in family)]
        cells = self._filled(self._with_sides([indicator]), needed_areas([area]), names, day, day)
        if self._judged(cells, indicator, area, "", day).suppressed:
            return [_hide(cells[indicator, area, part, day]) for part in names[1:]]
        found = []
        for family in parts:
            hidden = self._hidden_parts(cells, indicator, area, family, day)
            for part in family:
                judged = self._judged(cells, indicator, area, part, day)
                found.append(_hide(judged) if part in hidden else judged)
        return found

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
    ) -> dict[tuple[str, str, str, date], Cell]:
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

    def _judged(
        self,
        cells: dict[tuple[str, str, str, date], Cell],
        indicator: str,
        area: str,
        breakdown: str,
        day: date,
    ) -> Cell:
        cell = cells[indicator, area, breakdown, day]
        definition = self._indicators[indicator]
        if isinstance(definition, Ratio):
            sides = (definition.numerator, definition.denominator)
            if any(self._judged(cells, side, area, breakdown, day).suppressed for side in sides):
                return _hide(cell)
            if not cell.denominator or cell.known_at is None:
                return replace(cell, value=None)
            return cell
        counts = {
            place: cells[indicator, place, breakdown, day].value or 0.0 for place in needed_areas([area])
        }
        hidden = suppressed_areas([area], counts, definition.minimum_cell)
        return _hide(cell) if hidden else cell

    def _hidden_parts(
        self,
        cells: dict[tuple[str, str, str, date], Cell],
        indicator: str,
        area: str,
        family: Sequence[str],
        day: date,
    ) -> frozenset[str]:
        definition = self._indicators[indicator]
        sides = (
            [definition.numerator, definition.denominator] if isinstance(definition, Ratio) else [indicator]
        )
        hidden: frozenset[str] = frozenset()
        for side in sides:
            counts = {part: cells[side, area, part, day].value or 0.0 for part in family}
            hidden |= suppressed_parts(counts, self._indicators[side].minimum_cell)
        return hidden


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
