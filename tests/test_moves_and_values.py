"""What steps make of areas and breakdowns, and what is worked out from sums. The oracle's tests cover all together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from pydantic import TypeAdapter

from schemas.areas import ancestors
from schemas.indicators.model import Counted, Definition, Derived
from sinks.indicators.cells import breakdowns_of, cell_of
from sinks.indicators.moves import moves_of
from sinks.indicators.values import MOVES, VALUES, counted_values, days_between, derived_values
from tests.every_kind import complete

LEUVEN, TERVUREN = "24062", "24104"
FIRST, LAST = date(2025, 3, 3), date(2025, 3, 6)
KNOWN = datetime(2025, 3, 9, 12, 30, tzinfo=UTC)
STEP = {"event": "registration", "filter": {"status": ["certified"]}}


def definition(**fields: Any) -> Any:
    return TypeAdapter(Definition).validate_python(complete({"id": "tested", **fields}))


# --- cells ---


def test_a_cell_names_every_field_and_what_is_not_given() -> None:
    frame = pl.DataFrame({"sex": ["female", "male"], "site_type": ["emergency", None]})
    cells = frame.select(cell_of(("sex", "site_type")).alias("cell"))["cell"].to_list()
    assert cells == ["sex=female;site_type=emergency", "sex=male;site_type=none"]
    assert frame.select(cell_of(()).alias("cell"))["cell"].to_list() == [""]


def test_a_cell_counts_in_the_total_and_once_in_each_family() -> None:
    families = (("sex",), ("age_group", "sex"), ("level",))
    assert breakdowns_of("sex=female;age_group=a18_34", families) == [
        "", "sex=female", "age_group=a18_34;sex=female"
    ]  # fmt: skip
    assert breakdowns_of("", families) == [""]


# --- moves ---


def steps(*rows: tuple[str, str, int]) -> pl.DataFrame:
    """Municipality, sex and delta, of one day."""
    made = [("tested", 1, place, f"sex={sex}", FIRST, 0, delta) for place, sex, delta in rows]
    schema = {
        "indicator": pl.String(),
        "generation": pl.UInt64(),
        "municipality": pl.String(),
        "cell": pl.String(),
        "day": pl.Date(),
        "bin": pl.Int32(),
        "delta": pl.Int64(),
    }
    return pl.DataFrame(made, schema=schema, orient="row")


def moved(found: pl.DataFrame) -> set[tuple[str, str, int]]:
    return set(found.select("area", "breakdown", "delta").rows())


def test_a_step_moves_every_area_around_it_in_total_and_by_breakdown() -> None:
    found = moves_of(steps((LEUVEN, "female", 2)), {("tested", 1): [("sex",)]})
    assert moved(found) == {(area, part, 2) for area in ancestors(LEUVEN) for part in ("", "sex=female")}


def test_steps_add_up_where_they_meet_and_what_cancels_out_moves_nothing() -> None:
    found = moves_of(
        steps((LEUVEN, "female", 2), (TERVUREN, "male", -2), (LEUVEN, "male", 1)), {("tested", 1): [("sex",)]}
    )
    country = found.filter(pl.col("area") == "BE")
    assert moved(country) == {("BE", "", 1), ("BE", "sex=female", 2), ("BE", "sex=male", -1)}
    assert moved(moves_of(steps((LEUVEN, "female", 1), (TERVUREN, "female", -1)), {("tested", 1): []})) == {
        (LEUVEN, "", 1), (TERVUREN, "", -1)
    }  # fmt: skip


def test_a_generation_that_is_not_kept_makes_no_moves() -> None:
    assert len(moves_of(steps((LEUVEN, "female", 1)), {("tested", 2): [("sex",)]})) == 0


# --- values ---

PLACES = pl.DataFrame({"area": ["BE"], "breakdown": [""]})
DAYS = days_between(FIRST, LAST)


def moves(*rows: tuple[int, int, int]) -> pl.DataFrame:
    """Day (1 is the first), bin and delta, in the country's total; each known an hour after the one before."""
    made = [
        ("BE", "", date(2025, 3, 2 + day), bin_, delta, KNOWN.replace(hour=12 + number))
        for number, (day, bin_, delta) in enumerate(rows)
    ]
    return pl.DataFrame(made, schema=MOVES, orient="row")


def sides(counted: Counted, *rows: tuple[int, int, int]) -> list[tuple[float, float, float]]:
    """Value, numerator and denominator on each of the four days."""
    found = counted_values(counted, moves(*rows), PLACES, DAYS)
    assert found.schema == VALUES
    assert found["day"].to_list() == DAYS
    return found.select("value", "numerator", "denominator").rows()


def test_a_count_is_carried_from_day_to_day() -> None:
    flow = definition(kind="flow", window="7d", **STEP)
    assert [value for value, _, _ in sides(flow, (1, 0, 5), (3, 0, -2))] == [5, 5, 3, 3]
    assert sides(flow) == [(0, 0, 1)] * 4


def test_a_value_is_known_since_the_latest_of_the_moves_that_it_rests_on() -> None:
    flow = definition(kind="flow", window="7d", **STEP)
    found = counted_values(flow, moves((3, 0, 1), (2, 0, 1)), PLACES, DAYS)["known_at"].to_list()
    assert [known and known.hour for known in found] == [None, 13, 13, 13]


def test_an_amount_is_told_in_its_unit_beside_the_number_of_those_who_make_it_up() -> None:
    paid = definition(
        kind="sum",
        event="benefit_grant",
        filter={"status": ["granted"]},
        field="amount",
        window="7d",
        unit="EUR",
    )
    assert sides(paid, (1, 0, 128_846), (1, 1, 1), (2, 0, 4), (2, 1, 1))[:2] == [
        (1288.46, 1288.46, 1), (1288.5, 1288.5, 2)
    ]  # fmt: skip


@pytest.mark.parametrize("cents", [4_767_302, 3_736_534, 1, 7, 29, -1_005])
def test_an_amount_is_the_number_nearest_to_its_cents(cents: int) -> None:
    paid = definition(
        kind="sum",
        event="benefit_grant",
        filter={"status": ["granted"]},
        field="amount",
        window="7d",
        unit="EUR",
    )
    assert sides(paid, (1, 0, cents), (1, 1, 1))[0][0] == cents / 100


@pytest.mark.parametrize(
    ("quantile", "bins", "expected"),
    [
        (0.5, [(3, 1)], 3),
        (0.5, [(3, 1), (9, 1)], 3),
        (0.5, [(3, 1), (4, 1), (9, 1)], 4),
        (0.9, [(3, 8), (4, 1), (9, 1)], 4),
        (0.91, [(3, 8), (4, 1), (9, 1)], 9),
        (1, [(3, 8), (9, 1)], 9),
        (0.3, [(1, 3), (2, 7)], 1),
    ],
)
def test_a_quantile_is_the_smallest_number_of_days_that_so_many_did_not_exceed(
    quantile: float, bins: Sequence[tuple[int, int]], expected: int
) -> None:
    waited = definition(kind="duration", start=STEP, end=STEP, window="7d", unit="days", quantile=quantile)
    many = sum(count for _, count in bins)
    assert sides(waited, *((1, days, count) for days, count in bins))[0] == (expected, expected, many)


def test_a_quantile_of_nobody_is_nothing() -> None:
    waited = definition(kind="duration", start=STEP, end=STEP, window="7d", unit="days")
    assert sides(waited, (1, 4, 2), (3, 4, -2)) == [(4, 4, 2), (4, 4, 2), (0, 0, 0), (0, 0, 0)]


def test_of_several_agencies_the_one_that_was_silent_longest_tells() -> None:
    fresh = definition(kind="freshness", unit="days")
    first = (FIRST - date(1970, 1, 1)).days
    found = sides(fresh, (1, first, 2), (3, first, -1), (3, first + 2, 1), (4, first, -1), (4, first + 3, 1))
    assert [(value, many) for value, _, many in found] == [(0, 2), (1, 2), (2, 2), (1, 2)]


def test_completeness_is_the_share_of_the_agencies_that_closed() -> None:
    closed = definition(kind="completeness", feed="registration", unit="%")
    assert sides(closed, (2, 1, 4), (3, 0, 3)) == [(0, 0, 0), (0, 0, 4), (0.75, 3, 4), (0.75, 3, 4)]


def derived(
    found: Derived, first: Sequence[float], second: Sequence[float]
) -> list[tuple[float, float, float]]:
    def known(values: Sequence[float]) -> pl.DataFrame:
        rows = [
            ("BE", "", day, value, value, 1.0, KNOWN, False) for day, value in zip(DAYS, values, strict=True)
        ]
        return pl.DataFrame(rows, schema=VALUES, orient="row")

    made = derived_values(found, known(first), known(second), DAYS)
    assert made.schema == VALUES
    return made.sort("day").select("value", "numerator", "denominator").rows()


def test_a_ratio_has_both_sides_and_one_of_nothing_is_zero() -> None:
    ratio = definition(kind="ratio", numerator="a", denominator="b", per=1000)
    assert derived(ratio, [1, 1, 0, 3], [4, 0, 5, 2]) == [(250, 1, 4), (0, 1, 0), (0, 0, 5), (1500, 3, 2)]


@pytest.mark.parametrize("whole", [3, 7, 49, 93, 103])
def test_a_single_share_is_divided_as_python_divides(whole: int) -> None:
    ratio = definition(kind="ratio", numerator="a", denominator="b")

    def known(value: float) -> pl.DataFrame:
        return pl.DataFrame([("BE", "", FIRST, value, value, 1.0, KNOWN, False)], schema=VALUES, orient="row")

    for part in range(1, whole):
        assert derived_values(ratio, known(part), known(whole), [FIRST])["value"].item() == part / whole


def test_a_change_looks_so_many_days_back() -> None:
    change = definition(kind="change", of="a", days=1)
    assert derived(change, [5, 8, 4, 4], [5, 8, 4, 4]) == [(3, 8, 5), (-4, 4, 8), (0, 4, 4)]
    relative = definition(kind="change", of="a", days=2, relative=True)
    assert derived(relative, [5, 0, 4, 4], [5, 0, 4, 4]) == [(-0.2, 4, 5), (0, 4, 0)]


def test_a_divergence_is_a_share_of_the_second() -> None:
    apart = definition(kind="divergence", first="a", second="b")
    assert derived(apart, [5, 8, 4, 4], [4, 8, 0, 5]) == [(0.25, 5, 4), (0, 8, 8), (0, 4, 0), (-0.2, 4, 5)]
