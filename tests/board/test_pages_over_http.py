"""The board over HTTP: headers, errors for people, caching, and what its script asks for."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bewithu.board.assets import assets
from bewithu.board.responses import SECURITY_HEADERS
from tests.board.conftest import Client, World
from tests.board.markup import parse

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


@pytest.mark.parametrize(
    "path", ["/", "/?area=x", "/nowhere", "/api/v1/status", "/metrics", "/static/board.css"]
)
async def test_every_answer_carries_the_security_headers(client: Client, path: str) -> None:
    answer = await client.get(path)
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert {name: answer.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS


async def test_a_long_answer_is_compressed_for_who_can_read_it(client: Client) -> None:
    packed = await client.get("/", headers={"Accept-Encoding": "gzip, deflate, br"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    for refused in ("identity", "gzip;q=0, identity"):
        plain = await client.get("/", headers={"Accept-Encoding": refused})
        assert "Content-Encoding" not in plain.headers
        assert await plain.text() == await packed.text()


async def test_language_follows_the_address_before_the_browser(client: Client) -> None:
    french = {"Accept-Language": "fr-BE, fr;q=0.9, nl;q=0.8"}
    assert '<html lang="fr">' in await (await client.get("/", headers=french)).text()
    assert '<html lang="de">' in await (await client.get("/?lang=de", headers=french)).text()


@pytest.mark.parametrize(
    ("address", "status", "said", "meant"),
    [
        ("/?area=Gentt", 404, "area 'Gentt': expected a NIS code", "/?lang=en&area=44021"),
        ("/?area=11007", 404, "area '11007'", "/?lang=en&area=11002"),
        ("/?indicator=days_to_cart", 404, "did you mean 'days_to_card'?", "/?lang=en&indicator=days_to_card"),
        ("/?day=24.11.2025", 400, "expected a day as YYYY-MM-DD from 2000-01-01 to 2025-11-24", None),
        ("/?day=2025-11-25", 400, "to 2025-11-24", None),
        ("/?day=0001-01-01", 400, "from 2000-01-01", None),
        ("/indicators/days_to_cart", 404, "did you mean 'days_to_card'?", "/?lang=en&indicator=days_to_card"),
        ("/alerts?state=opne", 400, "did you mean 'open'?", "/alerts?lang=en&state=open"),
        ("/alerts/0000", 404, "expected an alert that there was", None),
        ("/?lang=it", 400, "expected one of nl, fr, de, en", None),
        ("/boardd", 404, "expected one of /, /alerts, /alerts/{fingerprint}, /api/v1/alerts", None),
    ],
)
async def test_a_wrong_address_says_what_was_expected(
    client: Client, address: str, status: int, said: str, meant: str | None
) -> None:
    answer = await client.get(address)
    assert answer.status == status
    assert answer.content_type == "text/html"
    root = parse(await answer.text())
    assert said in next(root.all("code")).text()
    assert meant is None or meant in [link.attributes["href"] for link in root.all("a")]


async def test_what_was_asked_is_shown_as_text_only(client: Client) -> None:
    answer = await client.get("/", params={"area": "<img src=x onerror=alert(1)>"})
    assert "<img" not in await answer.text()


async def test_another_method_is_refused(client: Client) -> None:
    answer = await client.post("/")
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET,HEAD"


async def test_a_store_that_is_away_is_said_in_the_readers_language(client: Client, world: World) -> None:
    world.data.away = True
    answer = await client.get("/?lang=fr")
    assert answer.status == 503
    assert answer.headers["Retry-After"] == "5"
    assert "Momentanément hors service" in await answer.text()
    world.data.away = False
    assert (await client.get("/?lang=fr")).status == 200


async def test_a_mistake_of_ours_tells_nothing_but_that_it_was_noted(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_arguments: object) -> None:
        raise ValueError("the inside")

    monkeypatch.setattr(world.data, "agencies", fail)
    answer = await client.get("/")
    assert answer.status == 500
    assert "the inside" not in await answer.text()
    assert "the inside" in caplog.text


async def test_nothing_is_sent_again_until_something_changes(client: Client, world: World) -> None:
    async def ask(tag: str) -> tuple[int, str]:
        answer = await client.get("/?fragment=1", headers={"If-None-Match": tag})
        return answer.status, answer.headers["ETag"]

    status, first = await ask("")
    assert status == 200
    assert await ask(first) == (304, first)
    world.data.more_events(1)
    status, second = await ask(first)
    assert (status, second == first) == (200, False)
    world.clock.moment += timedelta(minutes=1)
    assert (await ask(second))[0] == 200


async def test_each_view_has_its_own_tag(client: Client) -> None:
    addresses = (
        "/",
        "/?fragment=1",
        "/?lang=nl",
        "/?area=44021",
        "/?map=days_to_card",
        "/?day=2025-11-23",
        "/indicators/days_to_card",
        "/indicators/renewal_share",
        "/alerts",
        "/alerts?state=all",
        "/methods",
    )
    tags = {(await client.get(address)).headers["ETag"] for address in addresses}
    assert len(tags) == len(addresses)


async def test_a_crowd_at_one_view_costs_the_store_as_much_as_one_reader(
    client: Client, world: World
) -> None:
    answers = await asyncio.gather(*(client.get("/") for _ in range(20)))
    assert {answer.status for answer in answers} == {200}
    assert world.data.asked.count("by_area") == 1
    world.data.more_events(1)
    await client.get("/")
    assert world.data.asked.count("by_area") == 2


async def test_the_store_is_asked_a_fixed_number_of_questions_for_a_page(
    client: Client, world: World
) -> None:
    await client.get("/?map=aid_paid_30d")
    trends = sum(info.headline for info in world.data.indicators())
    assert len(world.data.asked) <= 10 + trends  # the fake answers trends() through trend()


async def test_the_script_gets_only_what_can_change(client: Client) -> None:
    whole = await (await client.get("/")).text()
    fragment = parse(await (await client.get("/?fragment=1")).text())
    assert [child.name for child in fragment.children] == ["main"]
    assert not list(fragment.all("select"))
    assert not [path for path in fragment.all("path") if path.within("g")]
    main = next(parse(whole).all("main"))
    sections = [section.attributes["aria-labelledby"] for section in main.all("section")]
    assert sections == [section.attributes["aria-labelledby"] for section in fragment.all("section")]


@pytest.mark.parametrize("name", sorted(assets()))
async def test_an_asset_is_kept_for_ever_under_its_own_address_only(client: Client, name: str) -> None:
    asset = assets()[name]
    answer = await client.get(asset.address)
    assert (await answer.read(), answer.content_type) == (asset.body, asset.content_type)
    assert "immutable" in answer.headers["Cache-Control"]
    assert (await client.get(f"/static/{name}")).headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["/static/boarb.css", "/static/..%2Fapp.py", "/static/"])
async def test_nothing_else_is_served_as_an_asset(client: Client, path: str) -> None:
    answer = await client.get(path)
    assert answer.status == 404
