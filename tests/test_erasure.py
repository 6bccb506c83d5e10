"""A person who is erased is nowhere, and everything else is as if they had never been heard of (law 6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest

from schemas.indicators import load_indicators
from sinks.clickhouse.bookkeeping import Bookkeeping
from sinks.clickhouse.database import Database
from sinks.clickhouse.erasure import Erased, Erasure
from sinks.clickhouse.value_reader import ValueReader
from tests.command_line import CommandLine
from tests.events import Message, Platform, benefit_grant, empty, housing_change, person, registration

INDICATORS = load_indicators(files("streams.indicators"))
MOMENT = datetime(2025, 3, 3, 12, tzinfo=UTC)
ANNA, BORIS = person(1), person(2)


def life(who: str) -> list[Message]:
    """Events of several types, a correction and a move among them."""
    came = registration(who, MOMENT)
    granted = benefit_grant(who, MOMENT + timedelta(days=2))
    return [
        came,
        came.changed(revision=1, municipality="62096"),
        granted,
        housing_change(who, MOMENT + timedelta(days=1)),
        housing_change(who, MOMENT + timedelta(days=9), municipality="11002"),
    ]


def refused(who: str) -> Message:
    """It breaks a rule, so its bytes are held in quarantine, the pseudonym among them."""
    return registration(who, MOMENT, municipality="99999")


def erase(platform: Platform, who: str) -> Erased:
    def until(is_done: Callable[[], bool]) -> None:
        while not is_done():
            platform.refresh()

    return Erasure(platform.database, "test").erase(who, platform.clock.moment, until)


def everything(database: Database) -> dict[str, object]:
    """What readers have: values of all indicators, now and as known once."""
    values = database.rows("SELECT * EXCEPT (known_at) FROM indicator_values WHERE value != 0 ORDER BY ALL")
    told = database.rows("SELECT * EXCEPT (known_at) FROM published_values WHERE NOT suppressed ORDER BY ALL")
    moves = database.rows(
        "SELECT indicator, area, breakdown, day, bin, sum(delta) AS total FROM moves"
        " GROUP BY ALL HAVING total != 0 ORDER BY ALL"
    )
    return {"values": values, "told": told, "moves": moves}


def places_of(database: Database, who: str) -> list[str]:
    """Every column of every table in which the pseudonym stands, as digits or as bytes."""
    found = []
    columns = database.rows(
        "SELECT columns.table, columns.name FROM system.columns AS columns"
        " INNER JOIN system.tables AS tables ON tables.name = columns.table AND tables.database = columns.database"
        " WHERE columns.database = currentDatabase() AND tables.engine LIKE '%MergeTree'"
    )
    for table, column in columns:
        count = database.value(
            f"SELECT countIf(position(lower(toString({column})), {{digits:String}}) > 0"
            f" OR position(toString({column}), unhex({{digits:String}})) > 0) FROM {table}",
            digits=who,
        )
        if count:
            found.append(f"{table}.{column}")
    return found


def test_nothing_of_the_person_is_left_and_the_rest_is_as_if_they_had_never_come(database: Database) -> None:
    others = [message for number in range(3, 9) for message in life(person(number))]
    never = Platform(database)
    never.send(*others)
    never.refresh()
    expected = everything(database)
    empty(database, keep=["disclosure_rules"])

    platform = Platform(database)
    platform.send(*life(ANNA), refused(ANNA), *others)
    platform.refresh()
    assert {place.partition(".")[0] for place in places_of(database, ANNA)} >= {
        "facts_registration", "facts_benefit_grant", "facts_housing_change", "steps", "touched", "quarantine"
    }  # fmt: skip
    assert erase(platform, ANNA) == Erased(facts=5, refused=1)
    assert places_of(database, ANNA) == []
    assert everything(database) == expected


def test_what_was_known_earlier_forgets_the_person_too(database: Database) -> None:
    platform = Platform(database)
    platform.send(*life(ANNA), *life(BORIS))
    platform.refresh()
    before = platform.clock.moment
    erase(platform, ANNA)
    reader = ValueReader(database, INDICATORS)
    day = MOMENT.date()
    found = reader.daily(["registrations_7d"], ["BE"], [""], day, day, before)["registrations_7d"]
    assert found["value"].item() == 1


def test_the_books_still_add_up(database: Database) -> None:
    platform = Platform(database)
    platform.send(*life(ANNA), refused(ANNA), *life(BORIS))
    platform.refresh()
    before = Bookkeeping(database).books()
    erase(platform, ANNA)
    assert Bookkeeping(database).books() == before


def test_an_event_that_comes_while_a_person_is_erased_is_kept_whole(database: Database) -> None:
    """It may be an agency that has not been told yet; its event counts once."""
    platform = Platform(database)
    platform.send(*life(ANNA))
    platform.refresh()
    late = registration(ANNA, MOMENT)

    def until(is_done: Callable[[], bool]) -> None:
        while not is_done():
            platform.refresh()
        platform.send(late)
        platform.refresh()

    Erasure(database, "test").erase(ANNA, platform.clock.moment, until)
    platform.refresh()
    value = "SELECT value FROM indicator_values WHERE indicator = 'registrations_7d' AND area = 'BE' AND breakdown = ''"
    assert database.value(f"{value} AND day = '2025-03-03'") == 1
    # Once more, with that event stored: it goes, too.
    erase(platform, ANNA)
    assert places_of(database, ANNA) == []
    assert database.value(f"{value} AND day = '2025-03-03'") == 0


def test_only_the_leader_takes_steps_out_as_a_refresh_beside_it_would_see_half(database: Database) -> None:
    platform = Platform(database)
    platform.send(*life(ANNA))
    platform.refresh()
    asked = []

    def until(is_done: Callable[[], bool]) -> None:
        asked.append(places_of(database, ANNA))
        while not is_done():
            platform.refresh()

    Erasure(database, "test").erase(ANNA, platform.clock.moment, until)
    before_refresh, before_steps_go = asked
    assert "steps.subject" in before_refresh
    assert "steps.subject" in before_steps_go
    assert places_of(database, ANNA) == []


def test_two_erasures_at_a_time_do_not_disturb_each_other(database: Database) -> None:
    platform = Platform(database)
    platform.send(*life(ANNA), *life(BORIS))
    platform.refresh()

    def until(is_done: Callable[[], bool]) -> None:
        if database.value("SELECT uniq(person) FROM erasing") == 1:
            erase(platform, BORIS)
        while not is_done():
            platform.refresh()

    assert Erasure(database, "test").erase(ANNA, platform.clock.moment, until) == Erased(facts=5, refused=0)
    assert places_of(database, ANNA) + places_of(database, BORIS) == []
    assert everything(database)["values"] == []


@pytest.mark.parametrize("breaks_off", ["before the refresh", "after the refresh"])
def test_an_erasure_that_broke_off_is_finished_by_the_next(database: Database, breaks_off: str) -> None:
    platform = Platform(database)
    platform.send(*life(ANNA), refused(ANNA))
    platform.refresh()

    def until(is_done: Callable[[], bool]) -> None:
        while breaks_off == "after the refresh" and not is_done():
            platform.refresh()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Erasure(database, "test").erase(ANNA, platform.clock.moment, until)
    erase(platform, ANNA)
    assert places_of(database, ANNA) == []
    assert everything(database)["values"] == []


def test_it_is_logged_without_the_pseudonym(bewithu: CommandLine, database: Database) -> None:
    bewithu.read(database)
    platform = Platform(database)
    platform.send(*life(ANNA), refused(ANNA))
    platform.refresh()
    answer = bewithu("privacy", "erase", ANNA, "--yes", "--json")
    assert (answer.code, answer.document) == (0, {"facts": 5, "refused": 1})
    assert ANNA not in answer.out + answer.err
    ((at, by, facts, names),) = database.rows("SELECT * FROM erasures")
    assert (at.year >= 2025, bool(by), facts, names) == (True, True, 5, 1)
    mutations = "SELECT count() FROM system.mutations WHERE position(lower(command), {digits:String}) > 0"
    assert database.value(mutations, digits=ANNA) == 0


def test_it_asks_first_and_takes_nothing_but_a_pseudonym(bewithu: CommandLine) -> None:
    number = "85073003328"
    answer = bewithu("privacy", "erase", number, "--yes")
    assert answer.code == 2
    assert "32 hexadecimal digits" in answer.err
    assert number not in answer.err.replace(" ", "")
    answer = bewithu("privacy", "erase", ANNA)
    assert answer.code == 2
    assert "nothing was erased" in answer.err
