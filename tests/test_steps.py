"""Which steps events make, and which are missing in those that are stored. The oracle's tests cover all together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from pydantic import TypeAdapter

from schemas.indicators.model import Counted, Definition
from sinks.clickhouse.database import Database
from sinks.clickhouse.indicator_sql import by_first_byte
from sinks.indicators.forgetting import NOBODY
from sinks.indicators.steps import STEPS, difference, steps_of
from tests.every_kind import complete

ANNA, BORIS = b"a" * 16, b"b" * 16
LEUVEN, TERVUREN, GOOIK, PAJOTTEGEM = "24062", "24104", "23024", "23106"
EMERGENCY = {"status": ["moved_in"], "site_type": ["emergency"]}

#: Who, when (UTC), where, status, site type.
Event = tuple[bytes, datetime, str, str, str | None]
#: Who, where, day, bin, delta.
Made = tuple[bytes, str, date, int, int]


def at(day: int, hour: int = 12, month: int = 3) -> datetime:
    return datetime(2025, month, day, hour, tzinfo=UTC)


def on(day: int, month: int = 3) -> date:
    return date(2025, month, day)


def facts(*events: Event, number: int = 0) -> pl.DataFrame:
    """Housing changes in their order, of parties of `number` persons."""
    schema = {
        "subject": pl.Binary(),
        "occurred_at": pl.Datetime("ms", "UTC"),
        "municipality": pl.String(),
        "status": pl.String(),
        "site_type": pl.String(),
    }
    made = pl.DataFrame(list(events), schema=schema, orient="row")
    return made.with_columns(
        sex=pl.lit("female"), age_group=pl.lit("a18_34"), number_party_size=pl.lit(number, pl.Int64)
    )


def indicator(**fields: Any) -> Counted:
    found: Counted = TypeAdapter(Definition).validate_python(complete({"id": "tested", **fields}))
    return found


def flow(window: str) -> Counted:
    return indicator(kind="flow", event="housing_change", filter=EMERGENCY, window=window)


def stock(**fields: Any) -> Counted:
    leave = {"status": ["moved_in", "moved_out"]}
    return indicator(kind="stock", event="housing_change", enter=EMERGENCY, leave=leave, **fields)


def step(*statuses: str) -> dict[str, Any]:
    return {"event": "housing_change", "filter": {"status": list(statuses)}}


def made(events: pl.DataFrame, counted: Counted) -> set[Made]:
    steps = steps_of({"housing_change": events}, [counted])
    assert steps.schema == STEPS
    summed = steps.group_by(pl.exclude("delta")).agg(pl.col("delta").sum()).filter(pl.col("delta") != 0)
    return set(summed.select("subject", "municipality", "day", "bin", "delta").rows())


@pytest.mark.parametrize(
    ("window", "happened", "counts_no_longer"),
    [
        ("7d", at(3), on(10)),
        ("week", at(3), on(10)),  # a Monday
        ("week", at(9), on(10)),
        ("month", at(31), on(1, 4)),
        # Until the end of a day in which 36 hours before it the event had not happened yet.
        ("36h", at(3, 10), on(4)),
        ("36h", at(3, 11), on(5)),
        # Of the 29th at noon, 36 hours on a day that has 23 lead beyond it.
        ("36h", at(29, 11), on(31)),
        ("36h", at(29, 10), on(31)),
        ("36h", at(29, 9), on(30)),
    ],
)
def test_an_event_of_a_flow_counts_from_its_day_until_the_window_has_passed(
    window: str, happened: datetime, counts_no_longer: date
) -> None:
    found = made(facts((ANNA, happened, LEUVEN, "moved_in", "emergency")), flow(window))
    assert found == {(ANNA, LEUVEN, happened.date(), 0, 1), (ANNA, LEUVEN, counts_no_longer, 2, -1)}


def test_a_window_that_an_events_day_outlives_never_counts_it() -> None:
    found = made(facts((ANNA, at(3, 10), LEUVEN, "moved_in", "emergency")), flow("6h"))
    assert found == {(ANNA, LEUVEN, on(3), 0, 1), (ANNA, LEUVEN, on(3), 2, -1)}


def test_what_an_indicator_does_not_count_makes_no_step_of_it() -> None:
    events = facts((ANNA, at(3), LEUVEN, "moved_in", None), (BORIS, at(3), LEUVEN, "moved_out", "emergency"))
    assert made(events, flow("7d")) == set()


def test_of_a_stock_the_last_event_of_a_day_decides() -> None:
    events = facts(
        (ANNA, at(3, 9), LEUVEN, "moved_in", "emergency"),
        (ANNA, at(3, 15), TERVUREN, "moved_in", "emergency"),
        (ANNA, at(9), TERVUREN, "moved_out", None),
    )
    assert made(events, stock()) == {(ANNA, TERVUREN, on(3), 0, 1), (ANNA, TERVUREN, on(9), 0, -1)}


def test_who_moves_steps_down_where_they_were_and_one_person_is_not_another() -> None:
    events = facts(
        (ANNA, at(3), LEUVEN, "moved_in", "emergency"),
        (ANNA, at(4), TERVUREN, "moved_in", "emergency"),
        (BORIS, at(9), LEUVEN, "moved_in", "emergency"),
    )
    assert made(events, stock()) == {
        (ANNA, LEUVEN, on(3), 0, 1),
        (ANNA, LEUVEN, on(4), 0, -1),
        (ANNA, TERVUREN, on(4), 0, 1),
        (BORIS, LEUVEN, on(9), 0, 1),
    }


def test_a_stock_of_a_field_has_the_amount_and_in_a_bin_of_its_own_the_number() -> None:
    events = facts(
        (ANNA, at(3), LEUVEN, "moved_in", "emergency"), (ANNA, at(9), LEUVEN, "moved_out", None), number=4
    )
    assert made(events, stock(field="party_size")) == {
        (ANNA, LEUVEN, on(3), 0, 4),
        (ANNA, LEUVEN, on(3), 1, 1),
        (ANNA, LEUVEN, on(9), 0, -4),
        (ANNA, LEUVEN, on(9), 1, -1),
    }


def test_a_sum_adds_up_what_the_events_say() -> None:
    total = indicator(kind="sum", event="housing_change", filter=EMERGENCY, window="2d", field="party_size")
    found = made(facts((ANNA, at(3), LEUVEN, "moved_in", "emergency"), number=3), total)
    assert {(day, bin_, delta) for _, _, day, bin_, delta in found} == {
        (on(3), 0, 3), (on(3), 1, 1), (on(5), 2, -3), (on(5), 3, -1)
    }  # fmt: skip


def gap(days: int) -> Counted:
    return indicator(
        kind="gap", start=step("need_declared"), end=step("moved_in"), leave=step("moved_out"), days=days
    )


@pytest.mark.parametrize(
    ("acts", "expected"),
    [
        # day      1   2   3   4   5   6
        # acts     need                       waits two days, then counts for good
        ([(1, "need_declared")], [(3, 1)]),
        # acts     need        in             in on the third day: too late by nothing
        ([(1, "need_declared"), (3, "moved_in")], []),
        ([(1, "need_declared"), (5, "moved_in")], [(3, 1), (5, -1)]),
        # acts     need            out        who leaves is missing no longer
        ([(1, "need_declared"), (5, "moved_out")], [(3, 1), (5, -1)]),
        # acts     need need                  the first counts
        ([(1, "need_declared"), (2, "need_declared")], [(3, 1)]),
        # acts     in  need                   who has it already never misses it
        ([(1, "moved_in"), (2, "need_declared")], []),
        # acts     in  out need               unless they left since
        ([(1, "moved_in"), (2, "moved_out"), (3, "need_declared")], [(5, 1)]),
        # acts     need        out+need       left and back on one day
        ([(1, "need_declared"), (4, "moved_out"), (4, "need_declared")], [(3, 1), (4, -1), (6, 1)]),
    ],
)
def test_who_began_and_is_missing_the_end_counts_once_the_days_have_passed(
    acts: Sequence[tuple[int, str]], expected: Sequence[tuple[int, int]]
) -> None:
    events = facts(
        *((ANNA, at(day, 8 + number), LEUVEN, status, None) for number, (day, status) in enumerate(acts))
    )
    assert made(events, gap(2)) == {(ANNA, LEUVEN, on(day), 0, delta) for day, delta in expected}


def test_a_gap_of_no_days_counts_from_the_day_of_the_start() -> None:
    assert made(facts((ANNA, at(1), LEUVEN, "need_declared", None)), gap(0)) == {(ANNA, LEUVEN, on(1), 0, 1)}


def test_a_duration_is_counted_in_the_bin_of_its_days_where_it_ended() -> None:
    waited = indicator(kind="duration", start=step("need_declared"), end=step("moved_in"), window="7d")
    events = facts(
        (ANNA, at(1), LEUVEN, "moved_in", None),  # before the start
        (ANNA, at(2), LEUVEN, "need_declared", None),
        (ANNA, at(3), LEUVEN, "need_declared", None),
        (ANNA, at(9), TERVUREN, "moved_in", None),
        (ANNA, at(12), LEUVEN, "moved_in", None),  # not the first end
        (BORIS, at(2), LEUVEN, "moved_in", None),
    )
    assert made(events, waited) == {(ANNA, TERVUREN, on(9), 7, 1), (ANNA, TERVUREN, on(16), 7, -1)}


def test_a_place_that_was_merged_away_counts_under_its_name_of_today() -> None:
    events = facts((ANNA, datetime(2024, 3, 3, 12, tzinfo=UTC), GOOIK, "moved_in", "emergency"))
    assert {municipality for _, municipality, *_ in made(events, stock())} == {PAJOTTEGEM}


# --- what is missing ---


def steps(*rows: tuple[str, int]) -> pl.DataFrame:
    """One person's steps on one day, by municipality."""
    made = [("arrivals", ANNA, municipality, "", on(3), 0, delta) for municipality, delta in rows]
    frame = pl.DataFrame(made, schema=STEPS, orient="row")
    return frame.with_columns(generation=pl.lit(1, pl.UInt64))


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


def test_of_another_generation_nothing_is_taken_back() -> None:
    other = steps((LEUVEN, 1)).with_columns(generation=pl.lit(2, pl.UInt64))
    assert set(difference(steps((LEUVEN, 1)), other).select("generation", "delta").rows()) == {
        (1, 1),
        (2, -1),
    }


@pytest.mark.parametrize("share", [256, 128, 100, 1])
def test_every_subject_is_in_one_part_of_all(prepared_database: Database, share: int) -> None:
    ends = ["00" * 15 + "01", "7f" + "ff" * 15, "80" + "00" * 15, "ff" * 16, "0123456789abcdef" * 2]
    found: list[str] = []
    for first in range(0, 256, share):
        whom = by_first_byte(first, min(256, first + share))
        rows = prepared_database.rows(
            "SELECT lower(hex(subject)) FROM"
            " (SELECT toFixedString(unhex(arrayJoin({ends:Array(String)})), 16) AS subject)"
            f" WHERE {whom.sql('subject')}",
            ends=[*ends, NOBODY.hex()],
            **whom.parameters,
        )
        found += [subject for (subject,) in rows]
    assert sorted(found) == sorted(ends)
