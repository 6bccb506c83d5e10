"""How soon a page of the board is there, on loopback, in Chromium: its largest contentful paint, and what came over.

A store is filled with made-up facts and all indicators are worked out; then each page is opened in a tab of its own
with an empty cache. `first`: nobody has asked for it, so the store is asked; `again`: it was rendered for another.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from bench.arguments import positive
from bench.errors import ContenderError
from tests.board.browser import open_tab, start_browser
from tests.parts.deadlines import wait_until
from tests.parts.processes import start_process

SUMMARY = "largest contentful paint of each page of the board in Chromium"
DEFAULT_FACTS = 200_000
ROUNDS: Final = 5
MOST_SECONDS: Final = 1.0
MOST_KB: Final = 200.0
_FILLED_WITHIN_SECONDS: Final = 900.0

#: The same page of so many areas is the first one of its kind each time.
_AREAS: Final = ("10000", "20001", "30000", "40000", "50000", "60000", "70000", "80000", "90000")
PAGES: Final[Mapping[str, str]] = {
    "start": "/?lang=nl&area={area}",
    "indicator": "/indicators/persons_protected?lang=nl&area={area}",
    "alerts": "/alerts?lang=nl&state=all&area={area}",
    "methods": "/methods?lang=nl&area={area}",
}
# The entry may come a little after the page has loaded; what is painted later than that would be told, too.
_PAINTED: Final = """new Promise((tell) => {
  let last = 0;
  new PerformanceObserver((list) => { for (const each of list.getEntries()) last = each.startTime; })
    .observe({type: "largest-contentful-paint", buffered: true});
  const wait = (turns) => {
    if (last && turns < 1) tell(last);
    else if (turns < -50) tell(0);
    else setTimeout(() => wait(turns - 1), 100);
  };
  wait(3);
})"""


@dataclass(frozen=True, slots=True)
class Paint:
    """Medians over the rounds; `kb`: all that came over the network, compressed."""

    first_seconds: float
    again_seconds: float
    kb: float


@dataclass(frozen=True, slots=True)
class Paints:
    facts: int
    pages: Mapping[str, Paint]

    @property
    def broken(self) -> Sequence[str]:
        slow = [
            f"the page {name} is there after {page.first_seconds:.2f} s, promised is less than {MOST_SECONDS} s"
            for name, page in self.pages.items()
            if page.first_seconds >= MOST_SECONDS
        ]
        large = [
            f"the page {name} has {page.kb:.0f} kB, promised is less than {MOST_KB:.0f} kB"
            for name, page in self.pages.items()
            if page.kb >= MOST_KB
        ]
        return [*slow, *large]

    def to_json(self) -> Mapping[str, Any]:
        ours = {name: asdict(page) for name, page in self.pages.items()}
        return {"bench": "board", "facts": self.facts, "ours": ours, "peers": {}, "limit": {}, "ratios": {}}

    def rendered(self) -> Table:
        table = Table(title=f"Largest contentful paint, {self.facts:,} facts", title_justify="left")
        table.add_column("page")
        for heading in ("first, s", "again, s", "kB"):
            table.add_column(heading, justify="right")
        for name, page in self.pages.items():
            table.add_row(name, f"{page.first_seconds:.2f}", f"{page.again_seconds:.2f}", f"{page.kb:.0f}")
        return table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--facts", type=positive, default=DEFAULT_FACTS, help="made-up facts in the store")
    parser.add_argument(
        "--rounds",
        type=int,
        choices=range(1, len(_AREAS) + 1),
        default=ROUNDS,
        metavar="N",
        help=f"areas for which each page is opened, up to {len(_AREAS)} (default: %(default)s)",
    )


def run(arguments: argparse.Namespace, console: Console) -> Paints:
    with tempfile.TemporaryDirectory(prefix="bewithu-bench-") as temporary:
        folder = Path(temporary)
        log = folder / "board.log"
        console.print(f"filling a store with {arguments.facts:,} facts")
        command = [sys.executable, "-m", "bench.board_serving", str(folder / "store"), str(arguments.facts)]
        serving = start_process(command, log)
        browser = None
        try:
            wait_until(
                lambda: "http://" in log.read_text(),
                _FILLED_WITHIN_SECONDS,
                "the board to answer",
                process=serving,
            )
            address = next(line for line in log.read_text().splitlines() if line.startswith("http://"))
            browser, devtools = start_browser(folder)
            console.print(f"opening pages of {address}")
            return Paints(arguments.facts, asyncio.run(_measure(devtools, address, arguments.rounds)))
        except TimeoutError as error:
            raise ContenderError(f"{error}; {log.read_text()[-2000:]}") from error
        finally:
            if browser:
                browser.stop()
            serving.stop()


async def _measure(devtools: str, address: str, rounds: int) -> Mapping[str, Paint]:
    # What the first page of all pays is the start of the store and of the browser.
    await _open(devtools, f"{address}/?lang=en&area=11002")
    found = {}
    for name, path in PAGES.items():
        first, again, sizes = [], [], []
        for area in _AREAS[:rounds]:
            page = address + path.format(area=area)
            first.append((await _open(devtools, page))[0])
            painted, kb = await _open(devtools, page)
            again.append(painted)
            sizes.append(kb)
        median = statistics.median
        found[name] = Paint(round(median(first), 3), round(median(again), 3), round(median(sizes), 1))
    return found


async def _open(devtools: str, page: str) -> tuple[float, float]:
    """Seconds to the largest paint, and kilobytes."""
    async with open_tab(devtools) as tab:
        await tab.send("Network.setCacheDisabled", cacheDisabled=True)
        await tab.look(1280)
        await tab.go(page)
        painted = await tab.run(_PAINTED)
        if not painted:
            raise ContenderError(f"nothing was painted of {page}")
        return painted / 1000, tab.received / 1000
