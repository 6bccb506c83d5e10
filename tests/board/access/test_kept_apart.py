"""Pages that are kept are never given to who may see less."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import TestClient, TestServer

from tests.board.access.logins import COORDINATOR, GHENT, LIEGE, LIEGE_CITY, OPERATOR, AlwaysBy, person
from tests.board.conftest import World

COUNTRY_WIDE = person("a", ("reader", "BE"))
ADDRESSES = ("/", "/?fragment=1", "/indicators/living_wage_recipients", "/alerts?state=all", "/methods")


@pytest.mark.parametrize("address", ADDRESSES)
async def test_a_page_is_made_once_for_all_who_may_see_the_same_and_anew_for_others(
    world: World, address: str
) -> None:
    login = AlwaysBy(OPERATOR)
    world.login = login
    async with TestClient(TestServer(world.app())) as client:
        first = await client.get(address)
        tag, whole = first.headers["ETag"], await first.text()
        login.visitor = person("another operator", ("operator", "BE"))
        assert (await client.get(address, headers={"If-None-Match": tag})).status == 304
        asked = len(world.data.asked)
        assert await (await client.get(address)).text() == whole
        again = len(world.data.asked) - asked
        for other in (COUNTRY_WIDE, COORDINATOR, person("g", ("reader", GHENT))):
            login.visitor = other
            answer = await client.get(address, headers={"If-None-Match": tag})
            assert answer.status == 200
            assert answer.headers["ETag"] != tag
        login.visitor = person("nobody")
        assert (await client.get(address, headers={"If-None-Match": tag})).status == 403
        assert (await client.get(address, headers={"If-None-Match": "*"})).status == 403
        assert again <= 3, "it was rendered anew for somebody who may see the same"


async def test_no_cache_between_keeps_what_one_visitor_got(world: World) -> None:
    world.login = AlwaysBy(OPERATOR)
    async with TestClient(TestServer(world.app())) as client:
        for address in (
            *ADDRESSES,
            "/indicators/living_wage_recipients.csv",
            "/api/v1/status",
            "/api/v1/alerts",
        ):
            answer = await client.get(address)
            assert answer.status == 200
            assert answer.headers.getall("Cache-Control") == ["private, no-cache"]
            assert "X-Forwarded-User" in answer.headers["Vary"]
            assert "Accept-Language" in answer.headers["Vary"]
        assert "private" not in (await client.get("/static/board.css")).headers["Cache-Control"]


async def test_requests_at_once_on_one_connection_and_many_do_not_mix(world: World) -> None:
    """Each request carries who asks; threads that render for it inherit that, and the next request does not."""
    login = AlwaysBy(OPERATOR)
    world.login = login
    async with TestClient(TestServer(world.app())) as client:
        path = "/api/v1/indicators/living_wage_recipients?level=municipality"
        for visitor, most in ((OPERATOR, 600), (person("g", ("reader", GHENT)), 1), (OPERATOR, 600)):
            login.visitor = visitor
            found = (await (await client.get(path)).json())["by_area"]
            assert (len(found) == 1) == (most == 1)
        login.visitor = person("l", ("reader", LIEGE_CITY))
        assert (await client.get("/health/live")).status == 200
        assert (await client.get(f"/?area={LIEGE}")).status == 200
        assert (await client.get(f"/?area={GHENT}")).status == 403
