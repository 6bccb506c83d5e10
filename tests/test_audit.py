"""The audit finds what does not follow from the facts, puts it right, and blames nothing that is merely new."""

from __future__ import annotations

import logging
import random
from datetime import UTC, date, datetime
from importlib.resources import files
from typing import Any

import pytest

from schemas.indicators import load_indicators
from sinks.clickhouse import indicator_store, step_store
from sinks.clickhouse.audit import Audited, Sample, choose
from sinks.clickhouse.database import Database
from sinks.clickhouse.generations import PARTS, read_generations, standing
from sinks.clickhouse.indicator_store import ClickHouseIndicators
from sinks.clickhouse.value_reader import ValueReader
from tests.events import Platform, person, registration

INDICATORS = load_indicators(files("streams.indicators"))
FLOW, STOCK = "registrations_7d", "persons_protected"
MOMENT, DAY = datetime(2025, 3, 3, 12, tzinfo=UTC), date(2025, 3, 3)
#: All pseudonyms of the tests' persons begin with this byte.
PART = 0xAB


@pytest.fixture
def platform(database: Database) -> Platform:
    made = Platform(database)
    made.send(*(registration(person(number), MOMENT) for number in range(7)))
    made.refresh()
    return made


def audited(
    platform: Platform,
    monkeypatch: pytest.MonkeyPatch,
    part: int = PART,
    indicator: str = FLOW,
    area: str = "BE",
) -> Audited:
    monkeypatch.setattr(indicator_store, "choose", lambda kept, chance: Sample(part, indicator, area))
    found = ClickHouseIndicators(platform.database, INDICATORS).audit(platform.clock.now(), random.Random(1))
    assert found is not None
    return found


def value(database: Database, indicator: str = FLOW, area: str = "BE") -> float:
    found = ValueReader(database, INDICATORS).daily([indicator], [area], [""], DAY, DAY)[indicator]
    result: float = found["value"].item()
    return result


def tamper(database: Database, table: str, indicator: str, columns: str, values: str) -> None:
    number = standing(read_generations(database))[indicator]
    database.run(
        f"INSERT INTO {table} (indicator, generation, day, bin, delta, {columns})"
        f" SELECT '{indicator}', {number}, '2025-03-03', 0, 1, {values}"
    )


def test_what_follows_from_the_facts_is_well(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    for part, area in ((PART, "BE"), (0, "62063"), (255, "11000")):
        assert audited(platform, monkeypatch, part, STOCK, area).is_well


@pytest.mark.parametrize("before", ["facts_statement", "existing_steps_statement"])
def test_an_event_that_comes_while_it_looks_is_neither_blamed_nor_counted_twice(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    ask = getattr(step_store, before)
    news = [registration(person(1), MOMENT, municipality="11002")]

    def meanwhile(*asked: Any) -> str:
        if news:
            platform.send(news.pop())
        statement: str = ask(*asked)
        return statement

    monkeypatch.setattr(step_store, before, meanwhile)
    assert audited(platform, monkeypatch).is_well
    assert not news
    assert value(platform.database) == 7
    platform.refresh()
    assert value(platform.database) == 8
    assert audited(platform, monkeypatch).is_well


def test_a_step_too_many_is_found_told_and_taken_back(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    database = platform.database
    where = f"unhex('{person(1)}'), '62063', 'sex=female;age_group=a18_34', 1"
    tamper(database, "steps", FLOW, "subject, municipality, cell, refresh", where)
    tamper(database, "moves", FLOW, "area, breakdown, refresh", "'BE', '', 1")
    assert value(database) == 8
    assert audited(platform, monkeypatch, part=PART - 1).is_well
    with caplog.at_level(logging.WARNING):
        found = audited(platform, monkeypatch)
    assert (found.steps_wrong, found.days_wrong) == (1, 0)
    assert FLOW in caplog.text
    assert person(1) not in caplog.text
    assert value(database) == 7
    assert audited(platform, monkeypatch).is_well


def test_a_move_without_its_step_is_found_where_it_is_looked_for(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = platform.database
    tamper(database, "moves", STOCK, "area, breakdown, refresh", "'62000', '', 1")
    assert value(database, STOCK, "62000") == 8
    assert audited(platform, monkeypatch, indicator=STOCK, area="11000").is_well
    found = audited(platform, monkeypatch, indicator=STOCK, area="62000")
    assert (found.steps_wrong, found.days_wrong) == (0, 1)
    assert value(database, STOCK, "62000") == 7
    assert audited(platform, monkeypatch, indicator=STOCK, area="62000").is_well


def test_a_move_on_a_day_and_in_an_indicator_without_any_step_is_put_right(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = platform.database
    for indicator, day in (
        (STOCK, "2024-02-01"),
        (STOCK, "2026-02-01"),
        ("persons_on_living_wage", "2025-03-03"),
    ):
        number = standing(read_generations(database))[indicator]
        database.run(
            "INSERT INTO moves (indicator, generation, area, breakdown, day, bin, delta, refresh)"
            f" SELECT '{indicator}', {number}, 'BE', '', '{day}', 0, 1, 1"
        )
        assert audited(platform, monkeypatch, indicator=indicator).days_wrong == 1
        assert audited(platform, monkeypatch, indicator=indicator).is_well


def test_who_has_events_that_no_refresh_took_in_is_left_out(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.send(registration(person(30), MOMENT), registration(person(1), MOMENT, "struck_off"))
    assert audited(platform, monkeypatch).is_well
    platform.refresh()
    assert audited(platform, monkeypatch).is_well


def test_before_anything_stands_there_is_nothing_to_look_at(database: Database) -> None:
    store = ClickHouseIndicators(database, INDICATORS)
    assert store.audit(datetime.now(UTC), random.Random(1)) is None


def test_samples_are_of_all_parts_indicators_and_areas() -> None:
    chance = random.Random(1)
    found = [choose([FLOW, STOCK], chance) for _ in range(3_000)]
    assert len({each.part for each in found}) == PARTS
    assert {each.indicator for each in found} == {FLOW, STOCK}
    assert len({each.area for each in found}) > 550
