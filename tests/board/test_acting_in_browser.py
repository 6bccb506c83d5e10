"""The walk in Chromium: from the link in a mail to the page, the button, and the board that shows it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest
from aiohttp.test_utils import TestServer

from alerts.links import actions_for
from alerts.mail import compose
from schemas.areas import LANGUAGES
from tests.alerts.samples import letter
from tests.alerts.test_mail import SENDER, Tags, body
from tests.board.acting_stage import ANN, KEY, ActingStage, page
from tests.board.browser import Tab, open_tab, start_browser


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    process, devtools = start_browser(tmp_path_factory.mktemp("chromium"))
    yield devtools
    process.stop()


def links_of_the_mail(stage: ActingStage, board: str) -> list[str]:
    """As a mail program makes them to be clicked."""
    (step,) = stage.log.recent(1)
    actions = actions_for(step, ANN.email, "nl", KEY, board, stage.real.now())
    written = replace(letter("nl", "firing"), transition=step, coordinator=ANN, actions=actions)
    tags = Tags()
    tags.feed(body(compose([written], "<id@x.be>", SENDER, stage.real.now()), "html"))
    return [address for address in tags.links if "/act?" in address]


async def press_button(tab: Tab) -> None:
    """With the keyboard, as scripts are off."""
    tab.loaded.clear()
    await tab.run("document.querySelector('form button').focus()")
    await tab.send("Input.dispatchKeyEvent", type="keyDown", key="Enter", text="\r", windowsVirtualKeyCode=13)
    await asyncio.wait_for(tab.loaded.wait(), 30)


async def heading(tab: Tab) -> str:
    found: str = await tab.run("document.querySelector('h1').textContent")
    return found


@pytest.mark.parametrize("script", [False, True], ids=["without scripts", "with scripts"])
async def test_from_the_mail_to_the_board(browser: str, stage: ActingStage, script: bool) -> None:
    async with TestServer(stage.app()) as server, open_tab(browser) as tab:
        board = str(server.make_url("")).rstrip("/")
        acknowledge, silence = links_of_the_mail(stage, board)
        await tab.look(1280, script=script)

        await tab.go(acknowledge)
        assert await heading(tab) == "Opvolging van dit alarm melden?"
        assert stage.written() == ([], [])
        await press_button(tab)
        assert await heading(tab) == "Opvolging gemeld"
        assert [seen.author for seen in stage.written()[0]] == [ANN.email]

        await tab.go(silence)
        assert await heading(tab) == "Berichten over dit alarm tijdelijk stopzetten?"
        await tab.run("document.getElementById('days').value = '7'")
        await press_button(tab)
        assert await heading(tab) == "Berichten stopgezet"
        (made,) = stage.written()[1]
        assert (made.ends - made.begins).days == 7

        await tab.go(f"{board}/?lang=nl&area=60000")
        assert "opgevolgd door Ann Peeters" in await tab.run("document.getElementById('alerts').textContent")
        assert tab.complaints == []
        elsewhere = {each for each in tab.requests if not each.startswith((board, "data:"))}
        assert elsewhere == set()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
async def test_the_page_fits_its_window_and_every_stop_has_a_name(
    browser: str, stage: ActingStage, width: int, dark: bool
) -> None:
    async with TestServer(stage.app()) as server, open_tab(browser) as tab:
        board = str(server.make_url("")).rstrip("/")
        await tab.look(width, dark=dark)
        for language in LANGUAGES:
            for token in (stage.token("acknowledge"), stage.token("silence"), "none"):
                await tab.go(board + page(token, language))
                assert await tab.run("document.documentElement.scrollWidth") == width
                tree = await tab.send("Accessibility.getFullAXTree")
                roles = {"link", "button", "combobox", "textbox"}
                stops = [
                    node for node in tree["nodes"]
                    if not node.get("ignored") and node["role"]["value"] in roles
                ]  # fmt: skip
                assert len(stops) >= 7
                assert [node for node in stops if not node.get("name", {}).get("value")] == []
        assert [each for each in tab.complaints if "403" not in each] == []
