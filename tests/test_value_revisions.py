"""What steps make of stored values, also after a refresh that broke off. The oracle's tests cover all together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from importlib.resources import files

import polars as pl
import pytest

from schemas.areas import ancestors
from schemas.indicators import Ratio, load_indicators
from sinks.indicators.revisions import EVER, Stamps, Wanted, revisions, stamped, wanted, whole_ratio
from sinks.indicators.values import MOVES, STORED, VALUES, moves_of

LEUVEN, TERVUREN = "24062", "24104"
MONDAY, TUESDAY, FRIDAY = date(2025, 3, 3), date(2025, 3, 4), date(2025, 3, 7)
(RATIO,) = [each for each in load_indicators(files("streams.indicators")).values() if isinstance(each, Ratio)]
ABOVE, BELOW = RATIO.numerator, RATIO.denominator


def cells(*rows: tuple[str, str, str, date, int]) -> pl.DataFrame:
    """Indicator, municipality, sex, day and delta of persons of one age group."""
    made = pl.DataFrame(list(rows), schema=["indicator", "municipality", "sex", "day", "delta"], orient="row")
    return made.with_columns(age_group=pl.lit("a18_34"))


def moves(*rows: tuple[str, date, int]) -> pl.DataFrame:
    """Indicator, day and delta in the country's total."""
    return pl.DataFrame(
        [(indicator, "BE", "", day, delta) for indicator, day, delta in rows], schema=MOVES, orient="row"
    )


def stored(*rows: tuple[str, date, float, float | None]) -> pl.DataFrame:
    """Indicator, day, value of its last revision and settled value, in the country's total."""
    return pl.DataFrame(
        [(indicator, "BE", "", day, value, value, 1.0, settled) for indicator, day, value, settled in rows],
        schema=STORED,
        orient="row",
    )


def ratio_stored(*rows: tuple[date, float, float]) -> pl.DataFrame:
    """Day, numerator and denominator of the ratio, in the country's total."""
    return pl.DataFrame(
        [(RATIO.id, "BE", "", day, above / below, above, below, None) for day, above, below in rows],
        schema=STORED,
        orient="row",
    )


def changed(found: pl.DataFrame) -> list[tuple[str, date, float]]:
    assert found.schema == VALUES
    return sorted(found.select("indicator", "day", "value").rows())


def test_a_cell_counts_in_every_area_around_it_in_the_total_and_in_its_breakdowns() -> None:
    found = moves_of(cells((ABOVE, LEUVEN, "female", MONDAY, 2)))
    assert set(found.rows()) == {
        (ABOVE, area, breakdown, MONDAY, 2)
        for area in ancestors(LEUVEN)
        for breakdown in ("", "sex=female", "age_group=a18_34")
    }


def test_cells_add_up_where_they_meet() -> None:
    found = moves_of(
        cells((ABOVE, LEUVEN, "female", MONDAY, 2), (ABOVE, TERVUREN, "male", MONDAY, -1)),
    )
    country = found.filter(pl.col("area") == "BE")
    assert set(country.select("breakdown", "delta").rows()) == {
        ("", 1),
        ("sex=female", 2),
        ("sex=male", -1),
        ("age_group=a18_34", 1),
    }


def test_a_step_moves_the_value_from_its_day_on_and_a_day_in_between_gets_one() -> None:
    before = stored((ABOVE, MONDAY, 5.0, 5.0), (ABOVE, FRIDAY, 7.0, 7.0))
    found = revisions(moves((ABOVE, TUESDAY, 2)), before, [])
    assert changed(found) == [(ABOVE, TUESDAY, 7.0), (ABOVE, FRIDAY, 9.0)]


def test_what_adds_up_to_nothing_changes_nothing() -> None:
    before = stored((ABOVE, MONDAY, 5.0, 5.0))
    assert changed(revisions(moves((ABOVE, TUESDAY, 0)), before, [])) == []
    assert changed(revisions(moves((ABOVE, MONDAY, 0)), before, [])) == []


@pytest.mark.parametrize(("written", "delta", "expected"), [(6.0, 1, []), (6.0, 0, [5.0]), (6.0, 2, [7.0])])
def test_a_value_of_a_refresh_that_broke_off_counts_for_nothing(
    written: float, delta: int, expected: Sequence[float]
) -> None:
    """It wrote the value, but its steps are taken in again, and may be others by now."""
    before = stored((ABOVE, MONDAY, 5.0, 5.0), (ABOVE, TUESDAY, written, None))
    found = revisions(moves((ABOVE, TUESDAY, delta)), before, [])
    assert [value for _, _, value in changed(found)] == expected


def test_a_first_value_begins_at_nothing() -> None:
    found = revisions(moves((ABOVE, MONDAY, 3), (ABOVE, FRIDAY, -3)), stored(), [])
    assert changed(found) == [(ABOVE, MONDAY, 3.0), (ABOVE, FRIDAY, 0.0)]


def test_a_ratio_follows_both_sides_carried_to_each_day() -> None:
    before = stored((BELOW, MONDAY, 10.0, 10.0), (BELOW, FRIDAY, 20.0, 20.0))
    found = revisions(moves((ABOVE, TUESDAY, 5)), before, [RATIO])
    ratios = found.filter(pl.col("indicator") == RATIO.id)
    assert ratios.select("day", "value", "numerator", "denominator").rows() == [
        (TUESDAY, 0.5, 5.0, 10.0),
        (FRIDAY, 0.25, 5.0, 20.0),
    ]


def test_a_ratio_is_looked_at_from_the_first_day_on_which_a_side_of_it_changed() -> None:
    before = pl.concat(
        [
            stored((ABOVE, MONDAY, 1.0, 1.0), (BELOW, MONDAY, 2.0, 2.0)),
            # Of Monday another: as if that were not to be touched.
            ratio_stored((MONDAY, 1.0, 4.0)),
        ]
    )
    found = revisions(moves((BELOW, FRIDAY, 2)), before, [RATIO])
    ratios = found.filter(pl.col("indicator") == RATIO.id)
    assert ratios.select("day", "numerator", "denominator").rows() == [(FRIDAY, 1.0, 4.0)]


def test_steps_that_add_up_to_nothing_give_a_ratio_no_value_either() -> None:
    before = stored((ABOVE, MONDAY, 1.0, 1.0), (BELOW, MONDAY, 2.0, 2.0))
    before = pl.concat([before, ratio_stored((MONDAY, 1.0, 2.0))])
    assert changed(revisions(moves((ABOVE, TUESDAY, 0)), before, [RATIO])) == []


def test_nothing_below_is_a_ratio_of_nothing() -> None:
    found = revisions(moves((ABOVE, MONDAY, 1)), stored(), [RATIO])
    ratios = found.filter(pl.col("indicator") == RATIO.id)
    assert ratios.select("value", "denominator").rows() == [(0.0, 0.0)]


def test_a_whole_ratio_is_written_where_it_is_another_than_stored() -> None:
    before = pl.concat(
        [
            stored((ABOVE, MONDAY, 1.0, 1.0), (BELOW, MONDAY, 2.0, 2.0), (BELOW, FRIDAY, 5.0, 5.0)),
            ratio_stored((MONDAY, 1.0, 2.0)),
        ]
    )
    assert changed(whole_ratio(RATIO, before)) == [(RATIO.id, FRIDAY, 0.2)]


def test_what_is_wanted_reaches_one_day_further_back() -> None:
    found = wanted(moves((ABOVE, TUESDAY, 1)), [RATIO])
    assert found == Wanted(sorted([RATIO.id, ABOVE, BELOW]), ["BE"], [""], TUESDAY)
    assert found.day_before == MONDAY
    assert Wanted([], [], [], EVER).day_before == EVER


def test_a_value_is_provisional_while_its_events_usually_still_arrive() -> None:
    values = stored((ABOVE, MONDAY, 1.0, None), (ABOVE, TUESDAY, 2.0, None)).select(VALUES.names())
    now = datetime(2025, 3, 7, 9, tzinfo=UTC)
    found = stamped(values, Stamps(7, now, now.date(), {ABOVE: 4}))
    assert found.select("day", "provisional", "refresh").rows() == [(MONDAY, False, 7), (TUESDAY, True, 7)]
    assert set(found["known_at"]) == {now}
