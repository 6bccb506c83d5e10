"""The pages in Chromium: for readers with a keyboard, a small screen, a screen reader, no scripts; from a mail on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest
from aiohttp.test_utils import TestServer

from alerts.mail import compose
from schemas.areas import LANGUAGES
from tests.alerts.samples import letter
from tests.alerts.test_mail import SENDER, Tags, body
from tests.board.acting_stage import ANN, ActingStage
from tests.board.browser import Tab, open_tab, start_browser
from tests.board.conftest import World
from tests.board.fake_catalogue import ALERTS
from tests.parts.axe import CHECK, axe_script

PAGES = {
    "start": "/?area=60000&map=housing_gap_14d",
    "indicator": "/indicators/housing_gap_14d?area=60000",
    "alerts": "/alerts?state=all",
    "alert": f"/alerts/{ALERTS[0].fingerprint}?x=",
    "methods": "/methods?area=60000",
    "note": "/note?area=62063&month=2025-10",
}
#: Each page in each language, half of them on a phone and half in the dark: (width, dark).
LOOKS = {"nl": (1280, False), "fr": (320, True), "de": (320, False), "en": (1280, True)}
LARGEST_PAGE_BYTES = 200_000


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    process, devtools = start_browser(tmp_path_factory.mktemp("chromium"))
    yield devtools
    process.stop()


async def key(tab: Tab, name: str, code: int, text: str = "") -> None:
    await tab.send("Input.dispatchKeyEvent", type="keyDown", key=name, text=text, windowsVirtualKeyCode=code)
    await tab.send("Input.dispatchKeyEvent", type="keyUp", key=name, windowsVirtualKeyCode=code)


async def heading(tab: Tab) -> str:
    found: str = await tab.run("document.querySelector('h1').textContent.trim()")
    return found


@pytest.mark.parametrize("name", PAGES)
async def test_everybody_can_use_every_page(browser: str, world: World, name: str) -> None:
    """axe-core finds nothing against WCAG 2.2 AA; nothing is cut off at 320 px; nobody else is asked for anything."""
    script = axe_script()
    async with TestServer(world.app(60)) as server, open_tab(browser) as tab:
        board = str(server.make_url("")).rstrip("/")
        for language in LANGUAGES:
            width, dark = LOOKS[language]
            await tab.look(width, dark=dark)
            await tab.go(f"{board}{PAGES[name]}&lang={language}")
            assert await tab.run("document.documentElement.scrollWidth") == width
            # The other municipalities are rows like those in sight, hundreds of them.
            await tab.run(
                "document.querySelectorAll('details:not(#map *)').forEach(each => each.open = true)"
            )
            await tab.run(script + "; null")
            assert await tab.run(CHECK) == []
        assert tab.complaints == []
        assert {each for each in tab.requests if not each.startswith((board, "data:"))} == set()


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_with_all_that_belongs_to_it_is_small(browser: str, world: World, name: str) -> None:
    async with TestServer(world.app(60)) as server, open_tab(browser) as tab:
        await tab.send("Network.setCacheDisabled", cacheDisabled=True)
        path = "/?area=BE" if name == "start" else PAGES[name]
        await tab.go(str(server.make_url("")).rstrip("/") + path)
        assert 5_000 < tab.received < LARGEST_PAGE_BYTES


async def test_from_the_start_page_to_an_alert_in_another_language(browser: str, world: World) -> None:
    """Start page, indicator, an area inside, its alert, another language: all by links, and the address goes along."""
    async with TestServer(world.app(60)) as server, open_tab(browser) as tab:
        await tab.look(1280)
        await tab.go(str(server.make_url("")) + "?lang=en")
        await tab.follow("document.querySelector('#card-housing_gap_14d a').click()")
        assert await heading(tab) == "Without housing for more than 14 days"
        await tab.follow("document.querySelector('#areas a[href*=\"area=02000\"]').click()")
        assert await tab.run("location.pathname + location.search") == (
            "/indicators/housing_gap_14d?lang=en&area=02000"
        )
        await tab.follow("document.querySelector('#alerts .alert a').click()")
        assert await heading(tab) == "Ghent: Without housing for more than 14 days"
        await tab.follow("document.querySelector('.languages a[hreflang=fr]').click()")
        assert (
            await tab.run("location.pathname + location.search") == f"/alerts/{ALERTS[0].fingerprint}?lang=fr"
        )
        assert await heading(tab) == "Gand\N{NO-BREAK SPACE}: Sans logement depuis plus de 14 jours"
        assert tab.complaints == []


async def test_the_keyboard_alone_is_enough_and_shows_where_it_is(browser: str, world: World) -> None:
    async with TestServer(world.app(60)) as server, open_tab(browser) as tab:
        await tab.look(1280)
        await tab.go(f"{server.make_url('')}?lang=en")
        await key(tab, "Tab", 9)
        assert await tab.run("document.activeElement.className") == "skip"
        for _ in range(20):
            await key(tab, "Tab", 9)
            outline = await tab.run("parseFloat(getComputedStyle(document.activeElement).outlineWidth)")
            assert outline >= 2
            if await tab.run("document.activeElement.getAttribute('href')?.startsWith('/alerts')"):
                break
        tab.loaded.clear()
        await key(tab, "Enter", 13, "\r")
        await asyncio.wait_for(tab.loaded.wait(), 30)
        assert await heading(tab) == "Alerts: Belgium"


async def test_indicators_are_found_by_typing_and_are_all_there_without_scripts(
    browser: str, world: World
) -> None:
    shown = "Array.from(document.querySelectorAll('.method')).filter(each => each.checkVisibility()).length"
    async with TestServer(world.app(60)) as server, open_tab(browser) as tab:
        await tab.look(1280)
        await tab.go(f"{server.make_url('/methods')}?lang=fr")
        await tab.run("document.getElementById('find').focus()")
        for letter_ in "prolongees":
            await key(tab, letter_, ord(letter_.upper()), letter_)
        await tab.until(f"{shown} === 1", "one indicator to be left")
        assert await tab.run("document.getElementById('found').textContent") == "1 sur 8"
        await tab.look(1280, script=False)
        await tab.go(f"{server.make_url('/methods')}?lang=fr")
        assert await tab.run(shown) == 8
        assert await tab.run("document.getElementById('finder').hidden")


@pytest.mark.parametrize("script", [False, True], ids=["without scripts", "with scripts"])
async def test_the_link_of_a_mail_leads_to_its_alert_and_on_to_the_figure(
    browser: str, stage: ActingStage, script: bool
) -> None:
    async with TestServer(stage.app()) as server, open_tab(browser) as tab:
        board = str(server.make_url("")).rstrip("/")
        (step,) = stage.log.recent(1)
        written = replace(letter("nl", "firing"), transition=step, coordinator=ANN, board=board)
        tags = Tags()
        tags.feed(body(compose([written], "<id@x.be>", SENDER, stage.real.now()), "html"))
        (link,) = [address for address in tags.links if "/alerts/" in address]
        await tab.look(390, script=script)
        await tab.go(link)
        assert await tab.run("document.querySelector(':target h3').textContent") != ""
        assert "Luik" in await heading(tab)
        await tab.follow("document.querySelector('#trend a[href^=\"/indicators/\"]').click()")
        assert await tab.run("location.pathname") == f"/indicators/{step.indicator}"
        assert "area=60000" in await tab.run("location.search")
        assert tab.complaints == []
