"""How a figure came about: what was told of it from when on, and the agencies behind it; never a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest

from alerts.address_book import load_address_book
from bewithu.fitting.acknowledged import LookedAfter
from bewithu.fitting.board import PublishedBoard
from schemas.areas import LANGUAGES
from schemas.indicators import load_indicators
from sinks.clickhouse.acknowledgements import ClickHouseAcknowledgements
from sinks.clickhouse.alert_log import ClickHouseAlertLog
from sinks.clickhouse.bookkeeping import Bookkeeping
from sinks.clickhouse.database import Database
from sinks.clickhouse.explanation import Explanations
from sinks.clickhouse.published import PublishedValues
from tests.board.conftest import Client
from tests.board.markup import parse
from tests.events import Platform, benefit_grant, person, registration

DAY = "2025-11-20"
PAGE = f"/origin?indicator=registered_persons&area=44021&day={DAY}"
MOMENT = datetime(2025, 3, 3, 12, tzinfo=UTC)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_page_lists_what_was_told_and_the_agencies(client: Client, language: str) -> None:
    answer = await client.get(f"{PAGE}&lang={language}")
    assert answer.status == 200
    html = await answer.text()
    root = parse(html)
    assert len(list(root.all("h1"))) == 1
    told, agencies = root.all("tbody")
    assert len(list(told.all("tr"))) == 3
    assert len(list(agencies.all("tr"))) == 2
    assert "<\xa05" in agencies.text()


async def test_the_board_leads_to_it_and_it_leads_back(client: Client) -> None:
    board = await (await client.get(f"/?indicator=registered_persons&area=44021&day={DAY}")).text()
    (link,) = [each for each in parse(board).all("a") if each.attributes["href"].startswith("/origin?")]
    page = parse(await (await client.get(link.attributes["href"])).text())
    back = [each.attributes["href"] for each in page.all("a")]
    assert f"/?area=44021&indicator=registered_persons&day={DAY}" in back


async def test_the_api_tells_the_same(client: Client) -> None:
    address = f"/api/v1/indicators/registered_persons/origin?area=44021&day={DAY}"
    found = await (await client.get(address)).json()
    (origin,) = found["origins"]
    assert origin["revisions"][0]["known_on"] == DAY
    assert origin["revisions"][-1]["value"] == found["value"]["value"]
    assert [(each["agency"], each["corrected"]) for each in origin["contributors"]] == [
        ("dvz", 5), ("cpas-62063", None)
    ]  # fmt: skip


async def test_a_misspelt_indicator_is_an_error(client: Client) -> None:
    assert (await client.get("/origin?indicator=registered_person")).status == 404
    assert (await client.get("/api/v1/indicators/registered_person/origin")).status == 404


def test_the_store_tells_both_sides_of_a_share_and_nothing_of_what_is_hidden(database: Database) -> None:
    platform = Platform(database)
    platform.send(*(registration(person(number), MOMENT) for number in range(20)))
    platform.send(*(benefit_grant(person(number), MOMENT) for number in range(10)))
    platform.refresh()
    first = platform.clock.moment.date()
    platform.clock.moment += timedelta(days=3)
    platform.send(*(registration(person(number), MOMENT) for number in range(20, 31)))
    platform.refresh()
    board = published_board(platform)
    day = MOMENT.date()
    above, below = board.origins("share_protected_on_living_wage", "BE", day)
    assert (above.indicator, below.indicator) == ("persons_on_living_wage", "persons_protected")
    assert [each.value for each in above.revisions] == [10]
    assert [(each.known_on - first, each.value) for each in below.revisions] == [
        (timedelta(), 20), (timedelta(days=3), 30)
    ]  # fmt: skip
    assert [(each.agency, each.events) for each in below.contributors] == [("dvz", 30)]
    assert board.origins("persons_protected", "44021", day) == ()


def test_the_events_of_a_small_agency_are_told_in_batches(database: Database) -> None:
    """They are single persons', and whoever looks every two seconds would see each of them come."""
    platform = Platform(database)
    platform.send(*(registration(person(number), MOMENT) for number in range(9)))
    platform.send(*(benefit_grant(person(number), MOMENT) for number in range(3)))
    platform.refresh()
    accepted = {each.agency: each.accepted for each in published_board(platform).agencies()}
    assert accepted == {"dvz": 5, "cpas-62063": 0}


def published_board(platform: Platform) -> PublishedBoard:
    indicators = load_indicators(files("streams.indicators"))
    return PublishedBoard(
        PublishedValues(platform.database, indicators, platform.clock),
        Explanations(platform.database),
        Bookkeeping(platform.database),
        ClickHouseAlertLog(platform.database),
        LookedAfter(ClickHouseAcknowledgements(platform.database), load_address_book()),
        indicators,
        [],
        platform.clock,
        {},
    )
