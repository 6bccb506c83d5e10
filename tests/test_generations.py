"""A definition that is new or changed is worked out beside the one that readers have, part by part."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from importlib.resources import files

import pytest

from schemas.indicators import Counted, Indicators, load_indicators
from sinks.clickhouse import builder
from sinks.clickhouse.database import Database
from sinks.clickhouse.generations import begin, building, read_generations, standing
from sinks.clickhouse.value_reader import ValueReader
from tests.events import Platform, benefit_grant, housing_change, person, registration

SHIPPED = load_indicators(files("streams.indicators"))
FLOW = "registrations_7d"
MOMENT, DAY = datetime(2025, 3, 3, 12, tzinfo=UTC), date(2025, 3, 3)
SHORTER = {**SHIPPED, FLOW: SHIPPED[FLOW].model_copy(update={"window": "1d"})}


def pseudonym(first: str, number: int) -> str:
    return f"{first}{person(number)[2:]}"


def value(
    database: Database, indicators: Indicators, day: date = DAY, as_of: datetime | None = None
) -> float:
    found = ValueReader(database, indicators).daily([FLOW], ["BE"], [""], day, day, as_of)[FLOW]
    result: float = found["value"].item()
    return result


@pytest.fixture
def platform(database: Database) -> Platform:
    """Three persons are certified."""
    made = Platform(database)
    for number, first in enumerate(("0a", "7f", "ff")):
        made.send(registration(pseudonym(first, number), MOMENT))
    made.refresh()
    return made


def test_readers_have_the_old_definition_until_the_new_one_is_worked_out(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, week_later = platform.database, DAY + timedelta(days=6)
    later = Platform(database, SHORTER)
    later.clock.moment = platform.clock.now()
    monkeypatch.setattr(builder, "parts_at_once", lambda facts: 32)
    monkeypatch.setattr(builder, "_SECONDS", 0)
    # Eight shares of all subjects, then the moves.
    for number in range(9):
        assert value(database, SHORTER, week_later) == 3, f"after {number} steps"
        done = later.refresh_step()
        assert done
        assert done.more == (number < 8)
    assert value(database, SHORTER, week_later) == 0
    assert later.refresh() is None
    assert building(read_generations(database), later_counted()) == []


@pytest.mark.parametrize("is_as_of", [False, True], ids=["now", "as of"])
def test_an_indicator_in_a_new_generation_is_not_added_to_its_old_one_beside_others_of_that_number(
    platform: Platform, is_as_of: bool
) -> None:
    """Indicators that were begun together have the same number; one that is worked out anew has another."""
    other = "persons_protected"
    begin(platform.database, [later_counted()[FLOW]], platform.clock.now())
    begin(platform.database, [counted(SHIPPED)[FLOW]], platform.clock.now())
    platform.refresh()
    generations = standing(read_generations(platform.database))
    assert generations[FLOW] > generations[other]
    as_of = platform.clock.now() if is_as_of else None
    found = ValueReader(platform.database, SHIPPED).daily([FLOW, other], ["BE"], [""], DAY, DAY, as_of)
    assert {name: frame["value"].item() for name, frame in found.items()} == {FLOW: 3, other: 3}


def counted(indicators: Indicators) -> dict[str, Counted]:
    return {name: found for name, found in indicators.items() if isinstance(found, Counted)}


def later_counted() -> dict[str, Counted]:
    return counted(SHORTER)


def test_what_arrives_meanwhile_is_in_the_new_definition_and_a_crash_costs_no_part_twice(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = platform.database
    clock = platform.clock.moment
    monkeypatch.setattr(builder, "parts_at_once", lambda facts: 32)
    monkeypatch.setattr(builder, "_SECONDS", 0)
    for number in range(9):
        # Each step is taken by a process of its own.
        later = Platform(database, SHORTER)
        later.clock.moment = clock = clock + timedelta(hours=1)
        later.log = platform.log
        if number in (1, 5, 8):
            later.send(registration(pseudonym("4f", number), MOMENT))
        later.refresh_step()
    assert value(database, SHORTER) == 6
    assert value(database, SHORTER, DAY + timedelta(days=1)) == 0
    parts = database.value(
        "SELECT count() FROM generations WHERE indicator = {name:String} AND upto > 0", name=FLOW
    )
    assert parts == 2 + 8 + 1


def test_what_was_known_under_the_old_definition_stays_readable(platform: Platform) -> None:
    database, week_later = platform.database, DAY + timedelta(days=6)
    before = platform.clock.now()
    later = Platform(database, SHORTER)
    later.clock.moment = before
    later.refresh()
    assert value(database, SHORTER, week_later) == 0
    assert value(database, SHORTER, week_later, as_of=before) == 3
    generations = read_generations(database)
    assert standing(generations)[FLOW] > standing(generations, before)[FLOW]


def test_a_definition_that_only_reads_differently_is_not_worked_out_anew(platform: Platform) -> None:
    renamed = SHIPPED[FLOW].model_copy(update={"source": "another", "usual_delay_days": 9, "minimum_cell": 0})
    later = Platform(platform.database, {**SHIPPED, FLOW: renamed})
    assert later.refresh() is None


def test_the_moves_of_a_generation_are_those_that_the_refreshes_of_its_steps_make(database: Database) -> None:
    """Built from all steps by SQL, or refresh by refresh in columns: families of one field, of two, and of none."""
    platform = Platform(database)
    platform.refresh()
    for number, (first, place) in enumerate(
        (("0a", "62063"), ("7f", "11002"), ("ff", "21004"), ("c4", "62096"))
    ):
        who = pseudonym(first, number)
        platform.send(
            registration(who, MOMENT, municipality=place), benefit_grant(who, MOMENT, municipality=place)
        )
        platform.send(housing_change(who, MOMENT, "need_declared", municipality=place))
        platform.refresh()

    def moves() -> object:
        columns = "indicator, area, breakdown, day, bin, sum(delta) AS total"
        return database.rows(f"SELECT {columns} FROM moves GROUP BY ALL HAVING total != 0 ORDER BY ALL")

    refreshed = moves()
    database.run("TRUNCATE TABLE moves")
    database.run("TRUNCATE TABLE generations")
    # As if no definition had ever been worked out; the steps of the old generations are nobody's then.
    database.run("TRUNCATE TABLE steps")
    Platform(database).refresh()
    assert moves() == refreshed
