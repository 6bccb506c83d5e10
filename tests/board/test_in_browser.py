"""The board in Chromium: no complaints, no request to anywhere else, and live updates that disturb nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest
from aiohttp.test_utils import TestServer

from schemas.areas import LANGUAGES
from tests.board.browser import Tab, open_tab, start_browser
from tests.board.conftest import World
from tests.board.fake_catalogue import ALERTS
from tests.board.fake_data import FakeBoardData
from tests.parts.deadlines import wait_until_async

POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Screen:
    """A tab, and the board that it can open at `address`."""

    tab: Tab
    address: str
    data: FakeBoardData

    async def show(
        self, path: str = "/", width: int = 1280, *, dark: bool = False, script: bool = True
    ) -> None:
        await self.tab.look(width, dark=dark, script=script)
        await self.tab.go(self.address + path)

    async def focused(self) -> str:
        """Which element has the focus: its id, else its text."""
        found: str = await self.tab.run(
            "document.activeElement.id || document.activeElement.textContent.trim()"
        )
        return found


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    process, devtools = start_browser(tmp_path_factory.mktemp("chromium"))
    yield devtools
    process.stop()


@pytest.fixture
async def screen(browser: str, world: World) -> AsyncIterator[Screen]:
    async with TestServer(world.app(POLL_SECONDS)) as server, open_tab(browser) as tab:
        yield Screen(tab, str(server.make_url("")).rstrip("/"), world.data)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
async def test_page_works_without_complaints_and_asks_nobody_else(
    screen: Screen, width: int, dark: bool
) -> None:
    for language in LANGUAGES:
        await screen.show(f"/?lang={language}&area=60000&map=housing_gap_14d", width, dark=dark)
        assert await screen.tab.run("document.documentElement.scrollWidth") == width
        assert await screen.tab.run("document.querySelector('.masthead').offsetHeight") > 0
    polled = f"{screen.address}/?lang=en&area=60000&map=housing_gap_14d&fragment=1"
    await screen.tab.until("document.getElementById('live').hidden === false", "the script to start")
    await wait_until_async(lambda: polled in screen.tab.requests, 30, "the script to ask for news")
    assert screen.tab.complaints == []
    elsewhere = {
        address for address in screen.tab.requests if not address.startswith((screen.address, "data:"))
    }
    assert elsewhere == set()
    assert any("/static/board.css" in address for address in screen.tab.requests)


async def test_colours_follow_the_readers_choice_of_light_or_dark(screen: Screen) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    await screen.show(dark=False)
    assert await screen.tab.run(ground) == "rgb(244, 246, 248)"
    await screen.tab.look(1280, dark=True)
    assert await screen.tab.run(ground) == "rgb(16, 22, 29)"


async def test_an_update_changes_the_numbers_and_leaves_the_reader_where_he_was(screen: Screen) -> None:
    await screen.show()
    tab = screen.tab
    await tab.run("document.querySelector('#map details').open = true; scrollTo(0, 900)")
    await tab.run(
        "window.held = document.querySelector('#card-days_to_card a'); held.focus({preventScroll: true})"
    )
    await tab.run(
        "window.outline = document.querySelector('.borders path'); window.fieldset = document.forms[0]"
    )
    before = await tab.run("scrollY")
    screen.data.listed = ALERTS[1:]
    screen.data.more_events(5_000)
    await tab.until("document.body.textContent.includes('1,289,932')", "the new number of records")
    headline = "document.getElementById('alert-headline').textContent"
    assert await tab.run(headline) == "2 open alerts"
    assert await tab.run("document.querySelectorAll('#alerts .alert').length") == 2
    assert await tab.run("document.activeElement === held")
    assert await tab.run("document.querySelector('#map details').open")
    assert await tab.run(
        "outline.isConnected && fieldset.isConnected && document.forms[0].elements.length === 3"
    )
    assert await tab.run("scrollY") == before
    assert tab.complaints == []


async def test_only_the_alerts_are_read_out_when_they_change(screen: Screen) -> None:
    await screen.show()
    await screen.tab.run(
        "window.spoken = []; new MutationObserver(found => spoken.push(...found.map(each => each.target.textContent)))"
        ".observe(document.querySelector('[aria-live]'), {subtree: true, characterData: true, childList: true})"
    )
    screen.data.more_events(5_000)
    await screen.tab.until("document.body.textContent.includes('1,289,932')", "the first update")
    assert await screen.tab.run("spoken.length") == 0
    screen.data.listed = ()
    screen.data.more_events(68)
    await screen.tab.until("spoken.length > 0", "the alerts to change")
    assert await screen.tab.run("spoken[0]") == "No open alerts"


async def test_a_reader_can_stop_the_updates_and_start_them_again(screen: Screen) -> None:
    await screen.show()
    tab = screen.tab
    await tab.run("document.getElementById('live').click()")
    assert await tab.run("document.getElementById('live').textContent") == "Resume live updates"
    asked = len(tab.requests)
    screen.data.more_events(5_000)
    # The script lives on while it is paused: wait for several of its turns.
    await tab.run(f"new Promise(done => setTimeout(done, {POLL_SECONDS * 5000}))")
    assert len(tab.requests) <= asked + 1
    assert not await tab.run("document.body.textContent.includes('1,289,932')")
    await tab.run("document.getElementById('live').click()")
    await tab.until("document.body.textContent.includes('1,289,932')", "updates to go on")


async def test_a_lost_connection_is_said_and_forgotten_when_it_is_back(screen: Screen) -> None:
    await screen.show("/?lang=nl")
    state = "document.getElementById('live-state').textContent"
    screen.data.away = True
    await screen.tab.until(f"{state}.includes('Geen verbinding')", "the notice")
    screen.data.away = False
    await screen.tab.until(f"{state} === ''", "the notice to go")


async def test_everything_can_be_read_without_scripts(screen: Screen) -> None:
    await screen.show("/?area=44021&map=days_to_card", script=False)
    tree = await screen.tab.send("Accessibility.getFullAXTree")
    names = [node.get("name", {}).get("value", "") for node in tree["nodes"]]
    for text in ("Displaced people: Ghent", "Open alerts", "Waiting time for an A card (median)", "Agencies"):
        assert text in names
    assert "Pause live updates" not in names


async def test_a_keyboard_reaches_the_content_first_and_every_stop_has_a_name(screen: Screen) -> None:
    await screen.show()
    await screen.tab.press("Tab", 9)
    assert await screen.focused() == "Skip to the content"
    await screen.tab.until("document.activeElement.getBoundingClientRect().top >= 0", "the link to slide in")
    await screen.tab.press("Enter", 13)
    await screen.tab.until("document.activeElement.id === 'main'", "the focus to move to the content")
    tree = await screen.tab.send("Accessibility.getFullAXTree")
    nodes = [node for node in tree["nodes"] if not node.get("ignored")]
    stops = [
        node
        for node in nodes
        if node["role"]["value"] in {"link", "button", "combobox", "Date", "image", "table"}
    ]
    assert len(stops) > 40
    assert [node for node in stops if not node.get("name", {}).get("value")] == []


async def test_the_form_works_with_the_keyboard_alone(screen: Screen) -> None:
    await screen.show()
    await screen.tab.run("document.getElementById('area').focus()")
    for key in "Ghen":
        await screen.tab.send("Input.dispatchKeyEvent", type="char", text=key)
    await screen.tab.until("document.getElementById('area').value === '44021'", "Ghent to be chosen")
    screen.tab.loaded.clear()
    await screen.tab.run("document.querySelector('form button').focus()")
    await screen.tab.send(
        "Input.dispatchKeyEvent", type="keyDown", key="Enter", text="\r", windowsVirtualKeyCode=13
    )
    await asyncio.wait_for(screen.tab.loaded.wait(), 30)
    assert await screen.tab.run("document.querySelector('h1').textContent") == "Displaced people: Ghent"


async def test_a_circle_on_the_map_leads_to_its_municipality(screen: Screen) -> None:
    await screen.show("/?lang=nl&map=days_to_card")
    screen.tab.loaded.clear()
    await screen.tab.run(
        "document.querySelector('circle[data-area=\"44021\"]').dispatchEvent(new Event('click', {bubbles: true}))"
    )
    await asyncio.wait_for(screen.tab.loaded.wait(), 30)
    assert await screen.tab.run("location.search") == "?lang=nl&map=days_to_card&area=44021"
    assert await screen.tab.run("document.querySelectorAll('circle.is-chosen').length") == 1
