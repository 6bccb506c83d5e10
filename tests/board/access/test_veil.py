"""What each visitor is told: an area's reader, its coordinator, an operator, and everybody where there is no login."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from bewithu.board.access import OpenLogin
from schemas.areas import is_within
from tests.board.access.logins import (
    COORDINATOR,
    GHENT,
    LIEGE,
    LIEGE_CITY,
    OPERATOR,
    READER,
    AlwaysBy,
    person,
)
from tests.board.conftest import Client, World
from tests.board.fake_catalogue import NOW


@pytest.fixture
def login(world: World) -> AlwaysBy:
    alert = replace(
        world.data.listed[0],
        acknowledged_by="Ann Peeters",
        acknowledged_at=NOW,
        state="firing",
        ended_at=None,
    )
    world.data.listed = [
        replace(alert, area=area, id=area, fingerprint=area) for area in (LIEGE_CITY, "63023", GHENT, "BE")
    ]
    world.login = AlwaysBy(READER)
    return world.login


@pytest.fixture
async def client(world: World, login: AlwaysBy) -> Any:
    async with TestClient(TestServer(world.app())) as started:
        yield started


async def get(client: Client, path: str) -> Any:
    answer = await client.get(f"/api/v1/{path}")
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def test_a_reader_sees_their_area_and_totals_around_it(client: Client) -> None:
    indicator = "indicators/living_wage_recipients"
    for area, full in ((LIEGE_CITY, True), ("62000", False), (LIEGE, False), ("03000", False), ("BE", False)):
        found = await get(client, f"{indicator}?area={area}")
        assert found["trend"]
        assert bool(found["breakdown"]) is full
        assert (await client.get(f"/{indicator}?area={area}")).status == 200
        assert (await client.get(f"/{indicator}.csv?area={area}")).status == 200
        origin = await client.get(f"/api/v1/{indicator}/origin?area={area}")
        assert origin.status == (200 if full else 403)
    for path in (
        "/",
        f"/{indicator}",
        f"/{indicator}.csv",
        "/alerts",
        f"/api/v1/{indicator}",
        "/api/v1/alerts",
    ):
        answer = await client.get(f"{path}?area={GHENT}")
        assert answer.status == 403
        assert "reader" in await answer.text()


async def test_programs_are_told_that_something_is_left_out(client: Client) -> None:
    assert not (await get(client, f"alerts?area={LIEGE_CITY}"))["partial"]
    assert (await get(client, "alerts?area=BE"))["partial"]


async def test_lists_of_areas_hold_theirs_alone(client: Client, login: AlwaysBy) -> None:
    async def codes(level: str) -> set[str]:
        found = await get(client, f"indicators/living_wage_recipients?level={level}")
        return {each["area"] for each in found["by_area"]}

    assert await codes("municipality") == {LIEGE_CITY}
    assert await codes("region") == {"03000"}
    login.visitor = COORDINATOR
    assert all(is_within(code, LIEGE) for code in await codes("municipality"))
    login.visitor = OPERATOR
    assert len(await codes("municipality")) > 500
    login.visitor = READER
    table = await (await client.get("/indicators/living_wage_recipients.csv?area=BE")).text()
    page = await (await client.get("/?area=BE&lang=en")).text()
    shown = await (await client.get(f"/indicators/living_wage_recipients?area={LIEGE_CITY}&lang=en")).text()
    assert GHENT not in table
    for text in (page, shown):
        # The form offers every area; map and tables lead to theirs alone.
        assert f"area={GHENT}" not in text
        assert "area=62003" not in text


@pytest.mark.parametrize(
    ("visitor", "areas", "named"),
    [
        (READER, [LIEGE_CITY], []),
        (COORDINATOR, [LIEGE_CITY, "63023"], [LIEGE_CITY, "63023"]),
        (
            person("both", ("reader", "BE"), ("coordinator", GHENT)),
            [LIEGE_CITY, "63023", GHENT, "BE"],
            [GHENT],
        ),
        (OPERATOR, [LIEGE_CITY, "63023", GHENT, "BE"], [LIEGE_CITY, "63023", GHENT, "BE"]),
    ],
)
async def test_alerts_are_those_of_their_areas_and_names_are_for_coordinators(
    client: Client, login: AlwaysBy, visitor: Any, areas: list[str], named: list[str]
) -> None:
    login.visitor = visitor
    found = (await get(client, "alerts"))["alerts"]
    assert sorted(each["area"] for each in found) == sorted(areas)
    assert all(each["acknowledged_at"] for each in found)
    assert sorted(each["area"] for each in found if each["acknowledged_by"]) == sorted(named)
    for area in (LIEGE_CITY, "63023", GHENT, "BE"):
        answer = await client.get(f"/alerts/{area}?lang=en")
        page = await answer.text()
        assert answer.status == (200 if area in areas else 404)
        for secret in ("Ann Peeters", "The city was called.", "Bo Dumont", "planned works"):
            assert (secret in page) == (area in named)
    listed = await (await client.get("/alerts?state=all&lang=en")).text()
    assert ("acknowledged by Ann Peeters" in listed) == bool(named)
    assert "acknowledged" in listed


async def test_single_refused_records_are_for_operators(client: Client, login: AlwaysBy) -> None:
    login.visitor = OPERATOR
    exact = {each["agency"]: each for each in (await get(client, "status"))["agencies"]}
    login.visitor = person("all", ("coordinator", "BE"))
    told = {each["agency"]: each for each in (await get(client, "status"))["agencies"]}
    assert told.keys() == exact.keys()
    assert any(each["refused"] % 5 for each in exact.values())
    for agency, each in told.items():
        assert each["refused"] == exact[agency]["refused"] // 5 * 5
        assert all(count % 5 == 0 and count for count in each["refusals"].values())
        assert (each["exact"], exact[agency]["exact"]) == (False, True)
    login.visitor = READER
    local = {
        each["agency"] for each in (await get(client, "status"))["agencies"] if each["agency"][-5:].isdigit()
    }
    assert local
    assert local <= {"cpas-62063", "mun-62063"}


async def test_where_there_is_no_login_all_see_what_is_published_and_no_more(
    world: World, login: AlwaysBy
) -> None:
    world.login = OpenLogin()
    async with TestClient(TestServer(world.app())) as client:
        for area in ("BE", GHENT, LIEGE_CITY):
            assert (await get(client, f"indicators/living_wage_recipients?area={area}"))["breakdown"]
        alerts = (await get(client, "alerts"))["alerts"]
        assert len(alerts) == 4
        assert {each["acknowledged_by"] for each in alerts} == {""}
        pages = [
            await (await client.get(f"{path}?lang=en")).text()
            for path in ("/", "/alerts", f"/alerts/{GHENT}", "/indicators/living_wage_recipients")
        ]
        for page in pages:
            for secret in (
                "Ann Peeters",
                "The city was called.",
                "Bo Dumont",
                "planned works",
                "<form method",
            ):
                assert secret not in page
            assert "/api/v1/quarantine" not in page
        answer = await client.get("/api/v1/quarantine")
        assert answer.status == 403
        assert "BEWITHU_ACCESS__MODE is open" in (await answer.json())["detail"]
        assert {each["exact"] for each in (await get(client, "status"))["agencies"]} == {False}
        assert (await client.post(f"/alerts/{GHENT}/acknowledge", data={"token": "x"})).status == 403


async def test_what_is_left_out_is_never_called_nothing(world: World, client: Client) -> None:
    """A reader of a calm town who looks at the country must not read that all is calm there."""
    world.data.listed = [each for each in world.data.listed if each.area != LIEGE_CITY]
    calm, nothing = "Nothing needs attention in this area", "No open alerts"
    indicator = "/indicators/living_wage_recipients"
    for area, whole in ((LIEGE_CITY, True), ("BE", False), (LIEGE, False)):
        start = await (await client.get(f"/?area={area}&lang=en")).text()
        assert ((calm in start), (nothing in start)) == (whole, whole)
        assert ("There is no open alert in your areas." in start) != whole
        listed = await (await client.get(f"/alerts?area={area}&lang=en")).text()
        assert ("There is no such alert in this area" in listed) == whole
        shown = await (await client.get(f"{indicator}?area={area}&lang=en&day=2025-11-20")).text()
        for page in (start, listed, shown):
            assert ("Your role covers only a part of this area" in page) != whole
        assert ("Only the total of this area is shown." in shown) != whole
    assert "have no figure" not in await (await client.get("/?area=BE&lang=en")).text()


async def test_a_note_is_for_who_may_see_its_area_and_compares_with_theirs_alone(
    client: Client, login: AlwaysBy
) -> None:
    assert (await client.get(f"/note?area={GHENT}")).status == 403
    assert (await client.get(f"/note.pdf?area={GHENT}")).status == 403
    answer = await client.get(f"/note?area={LIEGE_CITY}")
    assert answer.status == 200
    theirs = await answer.text()
    login.visitor = OPERATOR
    everything = await (await client.get(f"/note?area={LIEGE_CITY}")).text()
    # Neighbours in the arrondissement are compared with for whoever may see them.
    # Once in the list to choose from, and once more where figures are compared.
    assert theirs.count("Seraing") == 1
    assert everything.count("Seraing") == 2
