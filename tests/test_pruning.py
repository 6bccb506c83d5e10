"""What is stored of indicators that are defined no longer, or followed an older definition, can be taken out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest

from schemas.indicators import Counted, load_indicators
from sinks.clickhouse.database import Database
from sinks.clickhouse.generations import begin, read_generations, standing
from sinks.clickhouse.pruning import not_defined, prune, superseded
from tests.command_line import CommandLine
from tests.events import Platform, person, registration

SHIPPED = load_indicators(files("streams.indicators"))
FLOW, STOCK = "registrations_7d", "persons_protected"
MOMENT = datetime(2025, 3, 3, 12, tzinfo=UTC)
FORMER = "former_flow"


@pytest.fixture
def platform(database: Database) -> Platform:
    """Defined are a flow, a stock, and a flow that the shipped definitions lack."""
    former = SHIPPED[FLOW].model_copy(update={"id": FORMER})
    made = Platform(database, {FLOW: SHIPPED[FLOW], STOCK: SHIPPED[STOCK], FORMER: former})
    made.send(*(registration(person(number), MOMENT) for number in range(12)))
    made.refresh()
    return made


def stored(database: Database) -> set[str]:
    return {
        indicator
        for table in ("steps", "moves", "generations", "disclosure_rules")
        for (indicator,) in database.rows(f"SELECT DISTINCT toString(indicator) FROM {table}")
    }


def test_what_is_defined_no_longer_goes_and_the_rest_stays(platform: Platform) -> None:
    database = platform.database
    before = database.rows("SELECT * FROM indicator_values WHERE indicator != 'former_flow' ORDER BY ALL")
    prune(database, not_defined(read_generations(database), SHIPPED))
    assert stored(database) == {FLOW, STOCK}
    assert database.rows("SELECT * FROM indicator_values ORDER BY ALL") == before
    assert not_defined(read_generations(database), SHIPPED) == []


def test_of_generations_the_one_that_stood_at_the_moment_and_newer_ones_stay(platform: Platform) -> None:
    database, early = platform.database, platform.clock.moment
    first = standing(read_generations(database))[FLOW]
    platform.clock.moment += timedelta(days=10)
    flow = SHIPPED[FLOW]
    assert isinstance(flow, Counted)
    begin(database, [flow], platform.clock.moment)
    platform.refresh()
    second = standing(read_generations(database))[FLOW]
    assert second > first
    assert superseded(read_generations(database), early) == []
    old = superseded(read_generations(database), platform.clock.moment + timedelta(days=1))
    assert [(each.indicator, each.number) for each in old] == [(FLOW, first)]
    prune(database, old)
    assert {each.number for each in read_generations(database) if each.indicator == FLOW} == {second}
    value = "SELECT value FROM indicator_values WHERE indicator = 'registrations_7d' AND area = 'BE' AND breakdown = ''"
    assert database.value(f"{value} AND day = '2025-03-03'") == 12


def test_the_command_asks_first_and_says_what_it_took_out(bewithu: CommandLine, platform: Platform) -> None:
    bewithu.read(platform.database)
    refused = bewithu("indicators", "prune")
    assert refused.code == 2
    assert FORMER in refused.err
    assert FORMER in stored(platform.database)
    answer = bewithu("indicators", "prune", "--yes", "--json")
    assert answer.code == 0
    assert [each["indicator"] for each in answer.document] == [FORMER]
    assert "nothing to take out" in bewithu("indicators", "prune", "--yes").out
