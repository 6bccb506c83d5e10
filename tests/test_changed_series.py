"""Which series a refresh looks at anew: of every area around, total and breakdowns, from the first day that changed."""

from __future__ import annotations

from datetime import date
from importlib.resources import files

from schemas.areas import ancestors
from schemas.indicators import Ratio, load_indicators
from sinks.clickhouse.changed_series import changed_counts, changed_ratios

MONDAY, TUESDAY = date(2025, 3, 3), date(2025, 3, 4)
LEUVEN, TERVUREN = "24062", "24104"


def test_a_cell_counts_in_every_area_around_it_in_the_total_and_in_its_breakdowns() -> None:
    found = changed_counts([("arrivals", LEUVEN, "female", "a18_34", MONDAY)])
    assert found == {
        ("arrivals", area, breakdown): MONDAY
        for area in ancestors(LEUVEN)
        for breakdown in ("", "sex=female", "age_group=a18_34")
    }


def test_of_several_cells_the_earliest_day_counts_where_they_meet() -> None:
    found = changed_counts(
        [
            ("arrivals", LEUVEN, "female", "a18_34", TUESDAY),
            ("arrivals", TERVUREN, "male", "a18_34", MONDAY),
            ("leavers", LEUVEN, "male", "a18_34", MONDAY),
        ]
    )
    assert found["arrivals", LEUVEN, ""] == TUESDAY
    assert found["arrivals", "BE", ""] == MONDAY
    assert found["arrivals", "BE", "age_group=a18_34"] == MONDAY
    assert found["arrivals", "BE", "sex=female"] == TUESDAY
    assert ("leavers", TERVUREN, "") not in found


def test_a_ratio_changes_from_the_first_day_on_which_a_side_of_it_did() -> None:
    (ratio,) = [
        found for found in load_indicators(files("streams.indicators")).values() if isinstance(found, Ratio)
    ]
    counts = {
        (ratio.numerator, "BE", ""): TUESDAY,
        (ratio.denominator, "BE", ""): MONDAY,
        (ratio.denominator, LEUVEN, "sex=female"): TUESDAY,
        ("another", "BE", "sex=male"): MONDAY,
    }
    assert changed_ratios([ratio], counts) == {
        (ratio.id, "BE", ""): MONDAY,
        (ratio.id, LEUVEN, "sex=female"): TUESDAY,
    }
