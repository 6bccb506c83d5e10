"""How a figure came about: what was told of it from when on, and the agencies behind it; never a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest

from alerts.address_book import load_address_book
from bewithu.board.data import Moved
from bewithu.board.words import words
from bewithu.fitting.acknowledged import LookedAfter
from bewithu.fitting.alerting import indicator_texts
from bewithu.fitting.board import PublishedBoard
from bewithu.fitting.board_alerts import BoardAlerts
from schemas.areas import LANGUAGES, Language
from schemas.indicators import Indicators, load_indicators
from sinks.clickhouse.acknowledgements import ClickHouseAcknowledgements
from sinks.clickhouse.alert_log import ClickHouseAlertLog
from sinks.clickhouse.bookkeeping import Bookkeeping
from sinks.clickhouse.database import Database
from sinks.clickhouse.explanation import Explanations
from sinks.clickhouse.published import PublishedValues
from sinks.clickhouse.silences import ClickHouseSilences
from tests.board.conftest import Client
from tests.board.markup import parse
from tests.events import Platform, benefit_grant, person, registration

DAY = "2025-11-20"
PAGE = f"/indicators/registered_persons?area=44021&day={DAY}"
MOMENT = datetime(2025, 3, 3, 12, tzinfo=UTC)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_page_lists_what_was_told_why_it_moved_and_the_agencies(
    client: Client, language: Language
) -> None:
    answer = await client.get(f"{PAGE}&lang={language}")
    assert answer.status == 200
    root = parse(await answer.text())
    (section,) = [each for each in root.all("section") if each.attributes.get("id") == "origin"]
    told, agencies = section.all("tbody")
    rows = [row.text() for row in told.all("tr")]
    assert len(rows) == 3
    spoken = words(language)
    assert spoken.gettext("What was known at the end of the day itself") in rows[0]
    name = spoken.gettext("Immigration Office")
    assert spoken.gettext("%(agency)s: late events and corrections", agency=name) in rows[1]
    assert "5" in rows[2]
    assert len(list(agencies.all("tr"))) == 2
    assert "<\xa05" in agencies.text()


async def test_the_address_that_it_had_before_still_leads_there(client: Client) -> None:
    old = f"/origin?indicator=registered_persons&area=44021&day={DAY}&lang=nl"
    answer = await client.get(old, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (
        302, f"/indicators/registered_persons?lang=nl&area=44021&day={DAY}#origin"
    )  # fmt: skip


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
    # At the end of the day itself nothing was known yet.
    assert [each.value for each in above.revisions] == [None, 10]
    assert [(each.known_on, each.value) for each in below.revisions] == [
        (day, None), (first, 20), (first + timedelta(days=3), 30)
    ]  # fmt: skip
    assert [each.moved_by for each in below.revisions] == [
        (), (Moved("dvz", late=True, corrected=False),), (Moved("dvz", late=True, corrected=False),)
    ]  # fmt: skip
    assert [(each.agency, each.events) for each in below.contributors] == [("dvz", 30)]
    assert board.origins("persons_protected", "44021", day) == ()


def test_an_agency_is_named_for_a_move_from_a_batch_of_events_on(database: Database) -> None:
    """Fewer may be of one person; what arrived since the number last moved is the reason for its move."""
    platform = Platform(database)
    known = [registration(person(number), MOMENT) for number in range(12)]
    platform.clock.moment = MOMENT + timedelta(hours=1)
    platform.send(*known[:4])
    platform.refresh()
    for days, events in ((2, known[4:7]), (3, known[7:8]), (4, known[8:12])):
        platform.clock.moment = MOMENT + timedelta(days=days)
        platform.send(*events)
        platform.refresh()
    platform.clock.moment = MOMENT + timedelta(days=9)
    platform.send(*(each.changed(revision=1, cancelled=True) for each in known[:6]))
    platform.refresh()
    (origin,) = published_board(platform).origins("registrations_7d", "BE", MOMENT.date())
    late = Moved("dvz", late=True, corrected=False)
    assert [
        ((each.known_on - MOMENT.date()).days, each.value, each.moved_by) for each in origin.revisions
    ] == [
        (0, None, ()),
        # Three events, which are few.
        (2, 5, ()),
        # One and four: together a batch.
        (4, 10, (late,)),
        (9, 5, (Moved("dvz", late=False, corrected=True),)),
    ]


def test_the_events_of_a_small_agency_are_told_in_batches(database: Database) -> None:
    """They are single persons', and whoever looks every two seconds would see each of them come."""
    platform = Platform(database)
    platform.send(*(registration(person(number), MOMENT) for number in range(9)))
    platform.send(*(benefit_grant(person(number), MOMENT) for number in range(3)))
    platform.refresh()
    accepted = {each.agency: each.accepted for each in published_board(platform).agencies()}
    assert accepted == {"dvz": 5, "cpas-62063": 0}


def published_board(platform: Platform, indicators: Indicators | None = None) -> PublishedBoard:
    """`indicators`: those that are shipped otherwise."""
    indicators = indicators or load_indicators(files("streams.indicators"))
    return PublishedBoard(
        PublishedValues(platform.database, indicators, platform.clock),
        Explanations(platform.database),
        Bookkeeping(platform.database),
        BoardAlerts(
            ClickHouseAlertLog(platform.database),
            ClickHouseSilences(platform.database),
            LookedAfter(ClickHouseAcknowledgements(platform.database), load_address_book()),
            [],
            indicator_texts(indicators),
            platform.clock,
        ),
        indicators,
        platform.clock,
        {},
    )
