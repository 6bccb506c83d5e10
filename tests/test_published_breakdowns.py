"""Breakdowns give no small cell away, neither by their total nor by their neighbours'."""

from __future__ import annotations

from datetime import date
from importlib.resources import files

import pytest

from schemas.areas import ancestors
from schemas.indicators import load_indicators
from sinks.clickhouse.database import Database
from sinks.clickhouse.published import PublishedValues
from tests.events import ManualClock
from tests.stored_moves import Held, store_values

DAY = date(2024, 3, 1)
INDICATOR = "persons_protected"
LIEGE, SERAING, ANTWERP = "62063", "62096", "11002"


def fill(database: Database, counts: dict[str, tuple[int, int]]) -> PublishedValues:
    """Women and men by municipality, summed up to the country."""
    sums: dict[tuple[str, str], int] = {}
    for municipality, (women, men) in counts.items():
        for area in ancestors(municipality):
            for part, count in (("sex=female", women), ("sex=male", men), ("", women + men)):
                sums[area, part] = sums.get((area, part), 0) + count
    indicators = load_indicators(files("streams.indicators"))
    held = (Held(INDICATOR, DAY, count, area, part) for (area, part), count in sums.items())
    store_values(database, indicators, held)
    return PublishedValues(database, indicators, ManualClock())


def women(published: PublishedValues, area: str) -> float | None:
    (cell,) = (cell for cell in published.breakdowns(INDICATOR, area, DAY) if cell.breakdown == "sex=female")
    return cell.value


def test_a_neighbours_breakdown_is_hidden_with_a_small_cell(database: Database) -> None:
    published = fill(database, {LIEGE: (3, 30), SERAING: (20, 30), "62003": (40, 60)})
    # 63 women in the arrondissement - 20 in Seraing - 40 in Ans would leave the three in Liège.
    assert women(published, LIEGE) is women(published, SERAING) is women(published, "62003") is None


def test_a_breakdown_shows_where_no_cell_of_the_neighbours_is_small(database: Database) -> None:
    published = fill(database, {LIEGE: (13, 30), SERAING: (20, 30)})
    assert (women(published, LIEGE), women(published, SERAING)) == (13, 20)


def test_an_only_child_is_hidden_with_its_parent(database: Database) -> None:
    published = fill(database, {"21004": (50, 60), LIEGE: (3, 30), ANTWERP: (50, 70)})
    assert women(published, "04000") is women(published, "21000") is None


@pytest.mark.parametrize(("smallest", "shown"), [(3, None), (5, 5)])
def test_of_the_country_a_second_cell_is_hidden_with_a_small_one(
    smallest: int, shown: float | None, database: Database
) -> None:
    published = fill(database, {ANTWERP: (smallest, 70)})
    assert women(published, "BE") == shown
    men = [cell.value for cell in published.breakdowns(INDICATOR, "BE", DAY) if cell.breakdown == "sex=male"]
    assert men == [None if shown is None else 70]


def test_of_a_combination_of_fields_all_cells_of_the_country_are_hidden_with_a_small_one(
    database: Database,
) -> None:
    """The sums along both fields are shown: of two hidden cells each would be alone in its row."""
    indicators = load_indicators(files("streams.indicators"))
    combined = indicators[INDICATOR].model_copy(
        update={"breakdowns": (("sex",), ("age_group",), ("sex", "age_group"))}
    )
    counts = {
        "": 63, "sex=female": 23, "sex=male": 40, "age_group=a00_05": 33, "age_group=a65_plus": 30,
        "sex=female;age_group=a00_05": 3, "sex=female;age_group=a65_plus": 20,
        "sex=male;age_group=a00_05": 30, "sex=male;age_group=a65_plus": 10,
    }  # fmt: skip
    definitions = {**indicators, INDICATOR: combined}
    store_values(
        database, definitions, (Held(INDICATOR, DAY, count, "BE", part) for part, count in counts.items())
    )
    cells = PublishedValues(database, definitions, ManualClock()).breakdowns(INDICATOR, "BE", DAY)
    shown = {cell.breakdown: cell.value for cell in cells if not cell.suppressed and cell.value}
    assert shown == {"sex=female": 23, "sex=male": 40, "age_group=a00_05": 33, "age_group=a65_plus": 30}
