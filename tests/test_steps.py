"""Which steps events make, and which are missing in those that are stored. The oracle's tests cover all together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from importlib.resources import files

import polars as pl
import pytest

from schemas.indicators import Flow, Stock, load_indicators
from sinks.clickhouse.database import Database
from sinks.clickhouse.indicator_sql import everybody
from sinks.indicators.steps import STEPS, difference, steps_of

SHIPPED = load_indicators(files("streams.indicators"))
ANNA, BORIS = b"a" * 16, b"b" * 16
LEUVEN, TERVUREN, GOOIK, PAJOTTEGEM = "24062", "24104", "23024", "23106"
FIRST, SECOND, LATER = date(2025, 3, 3), date(2025, 3, 4), date(2025, 3, 9)

Event = tuple[bytes, date, str, str, str | None]


def facts(*events: Event) -> pl.DataFrame:
    """Person, day, municipality, status and site type of housing changes, in their order."""
    schema = {
        "subject": pl.Binary,
        "happened": pl.Date,
        "municipality": pl.String,
        "status": pl.String,
        "site_type": pl.String,
    }
    made = pl.DataFrame(list(events), schema=schema, orient="row")
    return made.with_columns(sex=pl.lit("female"), age_group=pl.lit("a18_34"))


def made(events: pl.DataFrame, *indicators: Flow | Stock) -> set[tuple[bytes, str, date, int]]:
    steps = steps_of(events, indicators)
    assert steps.schema == STEPS
    return set(steps.select("subject", "municipality", "day", "delta").rows())


def shipped(name: str) -> Flow | Stock:
    found = SHIPPED[name]
    assert isinstance(found, Flow | Stock)
    return found


ARRIVALS, SHELTERED = shipped("arrivals_emergency_housing_7d"), shipped("persons_emergency_housing")


def test_an_event_of_a_flow_counts_from_its_day_until_the_window_has_passed() -> None:
    found = made(facts((ANNA, FIRST, LEUVEN, "moved_in", "emergency")), ARRIVALS)
    assert found == {(ANNA, LEUVEN, FIRST, 1), (ANNA, LEUVEN, date(2025, 3, 10), -1)}


def test_what_an_indicator_does_not_count_makes_no_step_of_it() -> None:
    events = facts((ANNA, FIRST, LEUVEN, "moved_in", None), (BORIS, FIRST, LEUVEN, "moved_out", "emergency"))
    assert made(events, ARRIVALS) == set()


def test_of_a_stock_the_last_event_of_a_day_decides() -> None:
    events = facts(
        (ANNA, FIRST, LEUVEN, "moved_in", "emergency"),
        (ANNA, FIRST, TERVUREN, "moved_in", "emergency"),
        (ANNA, LATER, TERVUREN, "moved_out", None),
    )
    assert made(events, SHELTERED) == {(ANNA, TERVUREN, FIRST, 1), (ANNA, TERVUREN, LATER, -1)}


def test_who_moves_steps_down_where_they_were_and_one_person_is_not_another() -> None:
    events = facts(
        (ANNA, FIRST, LEUVEN, "moved_in", "emergency"),
        (ANNA, SECOND, TERVUREN, "moved_in", "emergency"),
        (BORIS, LATER, LEUVEN, "moved_in", "emergency"),
    )
    assert made(events, SHELTERED) == {
        (ANNA, LEUVEN, FIRST, 1),
        (ANNA, LEUVEN, SECOND, -1),
        (ANNA, TERVUREN, SECOND, 1),
        (BORIS, LEUVEN, LATER, 1),
    }


def test_a_place_that_was_merged_away_counts_under_its_name_of_today() -> None:
    events = facts((ANNA, date(2024, 3, 3), GOOIK, "moved_in", "emergency"))
    assert {municipality for _, municipality, _, _ in made(events, SHELTERED)} == {PAJOTTEGEM}


def steps(*rows: tuple[str, int]) -> pl.DataFrame:
    """One person's steps on one day, by municipality."""
    return pl.DataFrame(
        [("arrivals", ANNA, municipality, "female", "a18_34", FIRST, delta) for municipality, delta in rows],
        schema=STEPS,
        orient="row",
    )


@pytest.mark.parametrize(
    ("target", "existing", "missing"),
    [
        ([(LEUVEN, 1)], [], [(LEUVEN, 1)]),
        ([(LEUVEN, 1)], [(LEUVEN, 1)], []),
        ([(TERVUREN, 1)], [(LEUVEN, 1)], [(LEUVEN, -1), (TERVUREN, 1)]),
        ([(LEUVEN, 1), (LEUVEN, -1)], [], []),
        ([], [(LEUVEN, 2)], [(LEUVEN, -2)]),
    ],
)
def test_the_difference_brings_what_is_there_to_what_should_be(
    target: Sequence[tuple[str, int]], existing: Sequence[tuple[str, int]], missing: Sequence[tuple[str, int]]
) -> None:
    found = difference(steps(*target), steps(*existing))
    assert sorted(found.select("municipality", "delta").rows()) == list(missing)
    assert found.schema == STEPS


@pytest.mark.parametrize("events", [0, 499_999, 500_000, 10_000_000, 10**9])
def test_every_pseudonym_is_in_one_range_of_everybody(prepared_database: Database, events: int) -> None:
    ends = ["00" * 16, "7f" + "ff" * 15, "80" + "00" * 15, "ff" * 16, "0123456789abcdef" * 2]
    found: list[str] = []
    for whom in everybody(events):
        rows = prepared_database.rows(
            "SELECT lower(hex(person)) FROM"
            " (SELECT toFixedString(unhex(arrayJoin({ends:Array(String)})), 16) AS person)"
            f" WHERE {whom.sql('person')}",
            ends=ends,
            **whom.parameters,
        )
        found += [person for (person,) in rows]
    assert sorted(found) == sorted(ends)
