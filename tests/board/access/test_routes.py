"""Every route has a rule, and what has none is shut."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bewithu.board.access import OpenLogin
from bewithu.board.access.routes import ANYBODY, OPERATORS, RULES, rule_of
from tests.board.access.logins import READER, AlwaysBy, person
from tests.board.conftest import World

OPEN = {"/act", "/static/{name}", "/metrics", "/health/live", "/health/ready"}


def routes(app: web.Application) -> set[str]:
    return {
        f"{route.method} {route.resource.canonical}"
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }


def test_every_route_has_a_rule_and_every_rule_a_route(world: World) -> None:
    assert routes(world.app()) == set(RULES), "add a line to bewithu/board/access/routes.py"


def test_no_login_is_needed_for_these_alone() -> None:
    assert {each.split()[1] for each, rule in RULES.items() if rule is ANYBODY} == OPEN


def test_what_has_no_rule_is_for_operators() -> None:
    assert rule_of("GET", "/nowhere") is OPERATORS
    assert rule_of("HEAD", "/") is RULES["GET /"]
    assert rule_of("POST", "/") is OPERATORS


async def test_a_route_that_was_forgotten_is_shut(world: World) -> None:
    async def forgotten(_request: web.Request) -> web.Response:
        return web.Response(text="secret")

    for login in (OpenLogin(), AlwaysBy(READER)):
        world.login = login
        app = world.app()
        app.router.add_get("/forgotten", forgotten)
        async with TestClient(TestServer(app)) as client:
            answer = await client.get("/forgotten")
            assert answer.status == 403
            assert "secret" not in await answer.text()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_without_any_role_every_address_is_refused_but_those_without_a_login(
    world: World, method: str
) -> None:
    world.login = AlwaysBy(person("nobody in particular"))
    async with TestClient(TestServer(world.app())) as client:
        for each in RULES:
            if each.startswith("GET"):
                path = each.split()[1]
                filled = (
                    path.replace("{name}", "board.css").replace("{id}", "x").replace("{fingerprint}", "0")
                )
                status = (await client.request(method, filled)).status
                assert (status == 403) == (path not in OPEN), path
