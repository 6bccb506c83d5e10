"""Steps are looked up packed in numbers: the store and Python pack them alike; numbers that two share are not used."""

from __future__ import annotations

from datetime import UTC, date, datetime
from importlib.resources import files

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.areas import municipalities
from schemas.indicators import load_indicators
from sinks.clickhouse import indicator_store
from sinks.clickhouse.database import Database
from sinks.clickhouse.indicator_sql import Concern, Whom, packed_steps_statement, parameters_of
from sinks.clickhouse.value_reader import ValueReader
from sinks.indicators import packing
from sinks.indicators.packing import NUMBERED, are_told_apart, number_of_cell, numbered, worded
from sinks.indicators.steps import STEPS
from tests.events import Platform, person, registration

SHIPPED = load_indicators(files("streams.indicators"))
FLOW = "registrations_7d"
GENERATIONS = [(FLOW, 1), (FLOW, 1_700_000_000_000_000), ("persons_protected", 2**63)]
EVERYBODY = Whom("", {}, "SELECT DISTINCT subject FROM steps")
CELLS = ["", "sex=female", "sex=female;age_group=a18_34", "sexe=né·e"]
MOMENT, DAY = datetime(2025, 3, 3, 12, tzinfo=UTC), date(2025, 3, 3)

steps = st.lists(
    st.tuples(
        st.sampled_from(GENERATIONS),
        st.binary(min_size=16, max_size=16),
        st.sampled_from(sorted(municipalities())),
        st.sampled_from(CELLS),
        st.dates(date(1900, 1, 1), date(2299, 12, 31)),
        st.integers(-(2**31), 2**31 - 1),
        st.integers(-(2**63), 2**63 - 1),
    ),
    max_size=20,
)


def frame(rows: list[tuple]) -> pl.DataFrame:
    flat = [(name, subject, *rest, generation) for (name, generation), subject, *rest in rows]
    return pl.DataFrame(flat, schema={**STEPS, "generation": pl.UInt64()}, orient="row")


@settings(max_examples=50)
@given(steps)
def test_steps_are_the_same_after_they_were_numbers(rows: list[tuple]) -> None:
    made = frame(rows)
    back = worded(numbered(made), GENERATIONS, {number_of_cell(cell): cell for cell in CELLS})
    assert back.columns == made.columns
    assert sorted(back.rows()) == sorted(made.rows())


def test_a_step_in_a_cell_that_nobody_knows_is_not_passed_over() -> None:
    made = frame([(GENERATIONS[0], b"a" * 16, "11001", "sex=female", DAY, 0, 1)])
    with pytest.raises(KeyError):
        worded(numbered(made), GENERATIONS, {})


@settings(max_examples=30)
@given(rows=steps)
def test_the_store_packs_steps_as_we_do(prepared_database: Database, rows: list[tuple]) -> None:
    made = frame(rows)
    prepared_database.run("TRUNCATE TABLE steps")
    prepared_database.insert_frame("steps", made.with_columns(refresh=pl.lit(1, pl.UInt64)))
    concerns = [Concern(0, dict.fromkeys(GENERATIONS, SHIPPED[FLOW]), EVERYBODY)]
    found = prepared_database.frame(packed_steps_statement(concerns), **parameters_of(concerns))
    assert found.schema == NUMBERED
    assert sorted(found.rows()) == sorted(numbered(made).rows())


def test_municipalities_are_told_by_their_number() -> None:
    assert all(str(int(nis)) == nis for nis in municipalities())


@pytest.mark.parametrize("is_shared", [False, True], ids=["numbers of their own", "one number for all"])
def test_values_are_right_whether_or_not_generations_share_a_number(
    database: Database, monkeypatch: pytest.MonkeyPatch, is_shared: bool
) -> None:
    if is_shared:
        monkeypatch.setattr(packing, "number_of_generation", lambda indicator, generation: 7)
    asked = []
    monkeypatch.setattr(
        indicator_store, "are_told_apart", lambda found: asked.append(are_told_apart(found)) or asked[-1]
    )
    platform = Platform(database)
    first = registration(person(1), MOMENT)
    platform.send(first)
    platform.refresh()
    platform.send(first.changed(revision=1, sex="male"))
    platform.refresh()
    assert set(asked) == {not is_shared}
    found = ValueReader(database, SHIPPED).daily([FLOW], ["BE"], ["", "sex=male", "sex=female"], DAY, DAY)
    assert found[FLOW]["value"].to_list() == [1, 1, 0]
