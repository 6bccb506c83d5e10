"""`bewithu indicators`: what is defined, what it was at a moment, what it rests on, and how it is worked out anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from schemas.indicators import Counted, load_indicators
from schemas.indicators.catalogue import catalogue
from sinks.clickhouse.database import Database
from sinks.clickhouse.generations import STANDS, read_generations, standing
from tests.command_line import CommandLine
from tests.events import Platform, benefit_grant, person, registration

INDICATORS = load_indicators(files("streams.indicators"))
FLOW = "registrations_7d"
MOMENT = datetime(2025, 3, 3, 12, tzinfo=UTC)


@pytest.fixture
def platform(bewithu: CommandLine, database: Database) -> Platform:
    """Fifteen persons are certified; what is known of them is known on two days."""
    bewithu.read(database)
    made = Platform(database)
    made.refresh()
    for persons in (range(10), range(10, 15)):
        made.send(*(registration(person(number), MOMENT) for number in persons))
        made.refresh()
        made.clock.moment += timedelta(days=1)
    return made


def test_one_indicator_is_shown_in_four_languages_with_how_it_is_worked_out(bewithu: CommandLine) -> None:
    answer = bewithu("indicators", "show", FLOW)
    assert answer.code == 0
    for text in (
        "Nouvelles attestations",
        "Neue Bescheinigungen",
        "`registration` with status certified, window 7d",
    ):
        assert text in answer.out
    document = bewithu("indicators", "show", FLOW, "--json").document
    assert (document["kind"], document["window"]) == ("flow", "7d")
    assert bewithu("indicators", "show", "registration_7d").code == 2


def test_the_catalogue_page_is_made_from_the_definitions(bewithu: CommandLine) -> None:
    page = (Path(__file__).parents[1] / "docs" / "indicators.md").read_text("utf-8")
    assert page == catalogue(INDICATORS), "run `bewithu indicators catalogue > docs/indicators.md`"
    assert bewithu("indicators", "catalogue").out == page


def test_a_value_is_told_as_it_was_known_at_a_moment(bewithu: CommandLine, platform: Platform) -> None:
    def total(*words: str) -> object:
        answer = bewithu("indicators", "value", FLOW, "--day", "2025-03-03", *words, "--json")
        return answer.document[0]["value"]

    second_day = platform.clock.moment - timedelta(days=1)
    assert total() == 15
    assert total("--as-of", f"{second_day - timedelta(hours=2):%Y-%m-%dT%H:%M}") == 10
    assert total("--as-of", "2024-01-01") == "suppressed"


def test_a_value_is_explained_down_to_agencies(bewithu: CommandLine, platform: Platform) -> None:
    answer = bewithu("indicators", "explain", FLOW, "--day", "2025-03-03", "--json")
    assert answer.code == 0
    rests_on = answer.document["rests_on"][FLOW]
    assert [(each["agency"], each["events"]) for each in rests_on["agencies"]] == [("dvz", 15)]
    assert [each["value"] for each in rests_on["learned"]] == [10, 15]
    shown = bewithu("indicators", "explain", FLOW, "--day", "2025-03-03").out
    assert "dvz" in shown
    assert person(1) not in shown


def test_a_ratio_is_explained_by_both_sides(bewithu: CommandLine, platform: Platform) -> None:
    platform.send(*(benefit_grant(person(number), MOMENT) for number in range(10)))
    platform.refresh()
    answer = bewithu(
        "indicators", "explain", "share_protected_on_living_wage", "--day", "2025-03-03", "--json"
    )
    assert set(answer.document["rests_on"]) == {"persons_on_living_wage", "persons_protected"}


def test_a_suppressed_value_is_not_explained(bewithu: CommandLine, platform: Platform) -> None:
    platform.send(*(registration(person(20 + number), MOMENT, municipality="21004") for number in range(2)))
    platform.refresh()
    answer = bewithu("indicators", "explain", FLOW, "--day", "2025-03-03", "--area", "21004")
    assert answer.code == 1
    assert answer.out == ""
    assert "suppressed" in answer.err


def test_indicators_are_worked_out_anew_under_a_generation_of_their_own(
    bewithu: CommandLine, platform: Platform
) -> None:
    database = platform.database
    before = standing(read_generations(database))
    answer = bewithu("indicators", "rebuild", FLOW, "--json")
    assert answer.code == 0
    after = standing(read_generations(database))
    assert after[FLOW] == answer.document[0]["generation"] > before[FLOW]
    assert {name for name in after if after[name] != before[name]} == {FLOW}
    value = bewithu("indicators", "value", FLOW, "--day", "2025-03-03", "--json").document[0]["value"]
    assert value == 15


def test_a_rebuild_of_all_leaves_every_value_as_it_was(bewithu: CommandLine, platform: Platform) -> None:
    def values() -> object:
        return platform.database.rows("SELECT * EXCEPT (known_at) FROM indicator_values ORDER BY ALL")

    before = values()
    answer = bewithu("indicators", "rebuild", "--json")
    assert len(answer.document) == sum(isinstance(found, Counted) for found in INDICATORS.values())
    assert values() == before
    upto = {each.upto for each in read_generations(platform.database)}
    assert upto == {STANDS}


def test_what_is_only_read_from_others_cannot_be_rebuilt(bewithu: CommandLine, platform: Platform) -> None:
    answer = bewithu("indicators", "rebuild", "share_protected_on_living_wage")
    assert answer.code == 2
    assert "rebuild those they rest on" in answer.err


def test_check_prints_what_the_store_is_asked(bewithu: CommandLine, database: Database) -> None:
    answer = bewithu("indicators", "check", "--sql")
    assert answer.code == 0
    assert f"-- {FLOW}: " in answer.out
    assert "share_protected_on_living_wage" in answer.out
    documents = bewithu("indicators", "check", "--sql", "--json").document
    statements = {each["indicator"]: each["sql"] for each in documents}
    assert set(statements["certified_undeclared_30d"]) == {"registration"}
    for statement in statements[FLOW].values():
        # It is what the store takes, too.
        assert database.rows(statement, frames_0=[1]) == []
