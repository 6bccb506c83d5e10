"""What was published at many moments, read at once, is what would have been answered at each of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from schemas.indicators import Indicators
from sinks.clickhouse.database import Database
from sinks.clickhouse.generations import begin
from sinks.clickhouse.known_then import KnownThen, Then
from sinks.clickhouse.published import PublishedValues
from tests.events import Platform, person, registration
from tests.test_indicators_match_oracle import Step, delivered, examples, indicators, start, take

AREAS = ["BE", "03000", "60000", "62063", "11002"]


def in_small_batches() -> Indicators:
    """A few persons are enough for something to be told."""
    return {
        name: found.model_copy(update={"minimum_cell": min(found.minimum_cell, 2)})
        for name, found in indicators().items()
    }


def one_by_one(
    platform: Platform, indicator: str, moments: Sequence[Then], lags: Sequence[int]
) -> pl.DataFrame:
    published = PublishedValues(platform.database, in_small_batches(), platform.clock)
    found = []
    for number, moment in enumerate(moments):
        since = moment.until - timedelta(days=max(lags))
        numbers = published.numbers(indicator, AREAS, since, moment.until, moment.as_of)
        is_worked_out = bool(published.generations_behind(indicator, moment.as_of))
        days = [moment.until - timedelta(days=lag) for lag in lags]
        found.append(
            numbers.filter(pl.col("day").is_in(days))
            .with_columns(moment=pl.lit(number, pl.Int32), silent=pl.col("silent") & is_worked_out)
            .drop("breakdown")
        )
    return pl.concat(found)


def assert_known(
    platform: Platform, names: Sequence[str], moments: Sequence[Then], lags: Sequence[int]
) -> None:
    known = KnownThen(platform.database, in_small_batches())
    for name in names:
        expected = one_by_one(platform, name, moments, lags)
        found = known.numbers(name, AREAS, moments, sorted(lags, reverse=True))
        assert_frame_equal(
            found.sort("moment", "area", "day"),
            expected.sort("moment", "area", "day"),
            check_column_order=False,
            check_exact=True,
        )


@examples(0.4)
@given(delivered(), st.data())
def test_any_history_is_what_it_was_at_each_moment(
    prepared_database: Database, steps: list[Step], data: st.DataObject
) -> None:
    platform = start(prepared_database)
    moments = [platform.clock.now()]
    for step in steps:
        take(platform, step)
        platform.refresh()
        moments += [platform.clock.now() - timedelta(minutes=1), platform.clock.now()]
    happened = sorted(sent.message.event["occurred_at"].date() for step in steps for sent in step.arriving)
    days = st.integers(-1, 40).map(lambda after: happened[0] + timedelta(days=after))
    asked = [Then(moment, data.draw(days)) for moment in moments]
    lags = data.draw(st.lists(st.integers(0, 20), min_size=1, max_size=4, unique=True))
    names = data.draw(st.lists(st.sampled_from(sorted(indicators())), min_size=20, max_size=20, unique=True))
    assert_known(platform, names, asked, lags)


def test_every_indicator_is_what_it_was(database: Database) -> None:
    platform = Platform(database, indicators())
    moment = datetime(2025, 3, 3, 12, tzinfo=UTC)
    moments = []
    for day in range(3):
        platform.send(
            *(registration(person(10 * day + number), moment + timedelta(days=day)) for number in range(4))
        )
        platform.refresh()
        moments.append(Then(platform.clock.now(), moment.date() + timedelta(days=day)))
    assert_known(platform, sorted(indicators()), moments, [0, 3])


def test_a_definition_that_was_worked_out_anew_counts_from_when_it_stood(database: Database) -> None:
    platform = Platform(database, indicators())
    moment = datetime(2025, 3, 3, 12, tzinfo=UTC)
    platform.send(*(registration(person(number), moment) for number in range(4)))
    platform.refresh()
    moments = [Then(platform.clock.now(), moment.date())]
    begin(database, [indicators()["registrations_7d"]], platform.clock.now())
    platform.send(*(registration(person(number), moment) for number in range(4, 8)))
    platform.refresh()
    moments += [Then(platform.clock.now() - timedelta(minutes=30), moment.date())]
    moments += [Then(platform.clock.now(), moment.date())]
    assert_known(platform, ["registrations_7d"], moments, [0])
    numbers = KnownThen(database, in_small_batches()).numbers("registrations_7d", ["BE"], moments, [0])
    assert numbers.sort("moment")["value"].to_list() == [4, 4, 8]


@pytest.mark.parametrize("asked", [[date(2025, 3, 5), date(2025, 3, 2), date(2025, 3, 4)]])
def test_days_may_go_back_as_a_clock_does(database: Database, asked: Sequence[date]) -> None:
    platform = Platform(database, indicators())
    for day in range(5):
        platform.send(registration(person(day), datetime(2025, 3, 1 + day, 12, tzinfo=UTC)))
    platform.refresh()
    moments = [Then(platform.clock.now() + timedelta(hours=hour), day) for hour, day in enumerate(asked)]
    assert_known(platform, ["registrations_7d", "persons_protected"], moments, [0, 1, 2])
