"""Shoots the documents' pictures of the board: `python -m tests.board.pictures docs` (a few minutes; needs Chromium).

They are of a demo in its second month, when alerts have come and gone. Read `git diff --stat docs` and look at each.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from pathlib import Path

from tests.board.browser import open_tab, start_browser
from tests.parts.deadlines import wait_until
from tests.parts.processes import Process, running, start_process

#: In the demo's calendar.
SHOT_FROM = "2022-04-20"
SIZE = (1180, 1180)
#: The demo stores its last events before it ends. Killed meanwhile, it would leave its broker behind.
END_SECONDS = 150
PAGES = {
    "board": "?lang=en",
    "board-indicator": "indicators/persons_protected?lang=en&area=BE",
}
_TOLD = re.compile(r"day (\S+) .* board (http://127\.0\.0\.1:\d+/)")


def board_of(demo: Process) -> str:
    """Its address, once the demo's calendar has come so far."""

    def found() -> str | None:
        told = _TOLD.findall(demo.log.read_text())
        return told[-1][1] if told and told[-1][0] >= SHOT_FROM else None

    return wait_until(found, 900, f"the demo's {SHOT_FROM}", process=demo, every=1)


async def shoot(devtools: str, board: str, folder: Path) -> None:
    async with open_tab(devtools) as tab:
        await tab.look(SIZE[0])
        for name, page in PAGES.items():
            await tab.go(board + page)
            await tab.picture(folder / f"{name}.png", SIZE)
        await tab.go(f"{board}alerts?lang=en&state=all")
        await tab.follow("document.querySelector('main a[href*=\"/alerts/\"]').click()")
        await tab.picture(folder / "board-alert.png", SIZE)


def main(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        command = [sys.executable, "-m", "bewithu", "demo"]
        demo = start_process(command, work / "demo.log")
        try:
            board = board_of(demo)
            browser, devtools = start_browser(work)
            with running(browser):
                asyncio.run(shoot(devtools, board, folder))
        finally:
            demo.stop(END_SECONDS)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
