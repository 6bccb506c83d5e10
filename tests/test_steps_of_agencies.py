"""Steps of what is about agencies: which periods they closed, and how long they were silent."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl

from schemas.indicators.model import Counted
from sinks.indicators.steps import steps_of
from tests.test_steps import ANNA, GOOIK, LEUVEN, at, indicator, on


def beats(*rows: tuple[bytes, datetime, str, date | None, date | None]) -> pl.DataFrame:
    """Heartbeats of the feed `registration`: agency, moment, status, first and last day of the period."""
    schema = {
        "subject": pl.Binary(),
        "occurred_at": pl.Datetime("ms", "UTC"),
        "status": pl.String(),
        "period_start": pl.Date(),
        "period_end": pl.Date(),
    }
    found = pl.DataFrame(list(rows), schema=schema, orient="row")
    return found.with_columns(municipality=pl.lit(LEUVEN), feed=pl.lit("registration"))


def of_agencies(facts: pl.DataFrame, counted: Counted) -> set[tuple[bytes, date, int, int]]:
    steps = steps_of({"agency_heartbeat": facts}, [counted])
    summed = steps.group_by(pl.exclude("delta")).agg(pl.col("delta").sum()).filter(pl.col("delta") != 0)
    return set(summed.select("subject", "day", "bin", "delta").rows())


def test_an_agency_counts_from_its_first_period_on_and_as_closed_on_the_days_that_it_closed() -> None:
    complete_ = indicator(kind="completeness", feed="registration", unit="%")
    found = of_agencies(
        beats(
            (ANNA, at(5), "alive", None, None),
            (ANNA, at(6), "period_closed", on(1), on(3)),
            (ANNA, at(7), "period_closed", on(3), on(4)),  # one day twice
        ),
        complete_,
    )
    assert found == {(ANNA, on(1), 1, 1), (ANNA, on(1), 0, 1), (ANNA, on(5), 0, -1)}
    assert of_agencies(beats((ANNA, at(5), "alive", None, None)), complete_) == {(ANNA, on(5), 1, 1)}
    assert (
        of_agencies(beats((ANNA, at(5), "alive", None, None)), indicator(kind="completeness", feed="other"))
        == set()
    )


def test_an_agency_stays_in_the_bin_of_its_last_heartbeat_until_the_next() -> None:
    fresh = indicator(kind="freshness", unit="days")
    fifth, ninth = (on(5) - date(1970, 1, 1)).days, (on(9) - date(1970, 1, 1)).days
    found = of_agencies(
        beats(
            (ANNA, at(5, 8), "alive", None, None),
            (ANNA, at(5, 9), "alive", None, None),
            (ANNA, at(9), "alive", None, None),
        ),
        fresh,
    )
    assert found == {(ANNA, on(5), fifth, 1), (ANNA, on(9), fifth, -1), (ANNA, on(9), ninth, 1)}


def test_nobody_waits_for_the_agency_of_a_municipality_that_was_merged_away() -> None:
    last_day, gone = date(2024, 12, 31), date(2025, 1, 1)
    heartbeats = beats(
        (ANNA, datetime(2024, 12, 30, 12, tzinfo=UTC), "period_closed", date(2024, 12, 30), last_day)
    )
    merged = heartbeats.with_columns(municipality=pl.lit(GOOIK))
    bin_ = (date(2024, 12, 30) - date(1970, 1, 1)).days
    assert of_agencies(merged, indicator(kind="freshness", unit="days")) == {
        (ANNA, date(2024, 12, 30), bin_, 1), (ANNA, gone, bin_, -1)
    }  # fmt: skip
    found = of_agencies(merged, indicator(kind="completeness", feed="registration", unit="%"))
    assert found == {
        (ANNA, date(2024, 12, 30), 1, 1), (ANNA, gone, 1, -1), (ANNA, date(2024, 12, 30), 0, 1), (ANNA, gone, 0, -1)
    }  # fmt: skip
