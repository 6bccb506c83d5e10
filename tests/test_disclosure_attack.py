"""No suppressed number can be worked out from all that is published of the same events (law 6).

Three windows, on every day, of four municipalities and of all that is made up of them, in all and by sex; and the same
attack on numbers that are only suppressed where they are small, as a check that it can succeed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files
from itertools import product

import pytest

from schemas.areas import children
from schemas.indicators import load_indicators
from sinks.clickhouse.database import Database
from sinks.clickhouse.generations import STANDS, notes
from sinks.clickhouse.published import Cell, PublishedValues
from tests.attack import Attack, Bound
from tests.events import ManualClock
from tests.stored_moves import GENERATION, KNOWN, Move, store_moves

SHIPPED = load_indicators(files("streams.indicators"))["registrations_7d"]
MINIMUM = SHIPPED.minimum_cell
WINDOWS = {"seven": 7, "thirty": 30, "ninety": 90}
INDICATORS = {
    name: SHIPPED.model_copy(
        update={"id": name, "window": f"{days}d", "breakdowns": (("sex",),), "headline": None}
    )
    for name, days in WINDOWS.items()
}
#: The municipalities of La Louvière: few enough for all to be attacked at once.
WHOLE = "58000"
PARTS = children(WHOLE)
SEXES = ("female", "male", "unknown")
FIRST, DAYS = date(2025, 3, 3), 28
#: Persons a day in each municipality.
RATES = (0.1, 0.3, 0.8, 2.0)
#: So many of the suppressed numbers of each population are attacked.
ATTACKED = 60


@dataclass(frozen=True, slots=True)
class Population:
    """Events by municipality, sex and day."""

    counts: dict[tuple[str, str, int], int]

    @classmethod
    def drawn(cls, seed: int) -> Population:
        chance = random.Random(seed)
        counts = dict.fromkeys(product(PARTS, SEXES, range(DAYS)), 0)
        for part, rate in zip(PARTS, RATES, strict=True):
            for _ in range(round(rate * DAYS)):
                sex = chance.choices(SEXES, (55, 42, 3))[0]
                counts[part, sex, chance.randrange(DAYS)] += 1
        return cls(counts)

    def of(self, area: str, sex: str, first: int, last: int) -> list[int]:
        """The numbers of those unknowns that a sum over these days is made of."""
        return [
            number
            for number, (place, each, day) in enumerate(self.counts)
            if area in (place, WHOLE) and sex in (each, "") and first <= day <= last
        ]

    def sum(self, of: Sequence[int]) -> int:
        counts = list(self.counts.values())
        return sum(counts[number] for number in of)


def store(database: Database, population: Population) -> None:
    database.insert_frame(
        "generations", notes([(found, GENERATION, STANDS) for found in INDICATORS.values()], KNOWN)
    )
    moves = [
        Move(name, area, part, FIRST + timedelta(days=day + later), bin_, sign * count)
        for name, days in WINDOWS.items()
        for (place, sex, day), count in population.counts.items()
        if count
        for area, part in product((place, WHOLE), ("", f"sex={sex}"))
        for later, bin_, sign in ((0, 0, 1), (days, 2, -1))
    ]
    store_moves(database, moves)


def published(database: Database) -> Iterator[tuple[str, str, str, int, Cell]]:
    """Indicator, area, sex, day and what is published of it."""
    values = PublishedValues(database, INDICATORS, ManualClock())
    areas = (*PARTS, WHOLE)
    for cell in values.totals(WINDOWS, areas, FIRST, FIRST + timedelta(days=DAYS - 1)):
        yield cell.indicator, cell.area, "", (cell.day - FIRST).days, cell
    for name, area, day in product(WINDOWS, areas, range(DAYS)):
        for cell in values.breakdowns(name, area, FIRST + timedelta(days=day)):
            yield name, area, cell.breakdown.removeprefix("sex="), day, cell


def known(population: Population, database: Database) -> tuple[list[Bound], list[list[int]]]:
    """What someone knows of the unknowns who knows the method, too; and the sums that are suppressed.

    All began within ninety days, so that window tells how many batches were ever full: at most so many persons, and not
    as many as one more batch. A shorter window tells the difference of two of these, which is nothing new.
    """
    bounds, hidden = [], []
    told: dict[tuple[str, str, str, int], float] = {}
    for name, area, sex, day, cell in published(database):
        told[name, area, sex, day] = full = cell.value or 0.0
        of = population.of(area, sex, max(0, day - WINDOWS[name] + 1), day)
        if name == "ninety":
            bounds.append(Bound(tuple(of), full, full + MINIMUM - 1))
        if cell.suppressed and population.sum(of):
            hidden.append(of)
    for (name, area, sex, day), value in told.items():
        before = told.get(("ninety", area, sex, day - WINDOWS[name]), 0.0)
        assert value == told["ninety", area, sex, day] - before
    return bounds, hidden


@pytest.mark.parametrize("seed", range(3))
def test_nothing_suppressed_is_recovered(seed: int, database: Database) -> None:
    population = Population.drawn(seed)
    store(database, population)
    bounds, hidden = known(population, database)
    attack = Attack(bounds, len(population.counts))
    chosen = random.Random(seed).sample(hidden, ATTACKED)
    recovered = [found for of in chosen if (found := attack.recover(of)) is not None]
    assert recovered == []


def test_the_attack_recovers_what_is_only_suppressed_where_it_is_small() -> None:
    population = Population.drawn(0)
    bounds, hidden = [], []
    for days, area, sex, day in product(WINDOWS.values(), (*PARTS, WHOLE), ("", *SEXES), range(DAYS)):
        of = population.of(area, sex, max(0, day - days + 1), day)
        number = population.sum(of)
        is_small = 0 < number < MINIMUM
        bounds.append(Bound(tuple(of), 1 if is_small else number, MINIMUM - 1 if is_small else number))
        if is_small:
            hidden.append(of)
    attack = Attack(bounds, len(population.counts))
    chosen = random.Random(0).sample(hidden, ATTACKED)
    recovered = [(attack.recover(of), population.sum(of)) for of in chosen]
    assert all(found in (None, true) for found, true in recovered)
    assert sum(found is not None for found, _ in recovered) > ATTACKED / 2
