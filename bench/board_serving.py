"""The board on a store of made-up facts, in a process of its own: `python -m bench.board_serving <folder> <facts>`.

It prints its address when it can be asked, and serves until it is ended.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path

from aiohttp import web
from prometheus_client import CollectorRegistry

from alerts.address_book import load_address_book
from alerts.rules import load_rules
from bench.made_facts import last_day
from bench.refreshing import INDICATORS, fill_and_build
from bewithu.board import Readiness, make_app
from bewithu.fitting.board import PublishedBoard
from bewithu.wiring import Written, make_board_alerts
from sinks.clickhouse.bookkeeping import Bookkeeping
from sinks.clickhouse.database import Database
from sinks.clickhouse.explanation import Explanations
from sinks.clickhouse.published import PublishedValues


@dataclass(frozen=True, slots=True)
class LastDay:
    """Noon of the last day that there are facts of."""

    def now(self) -> datetime:
        return datetime.combine(last_day(), time(12), UTC)


async def serve(database: Database) -> None:
    clock = LastDay()
    written = Written(INDICATORS, load_rules(INDICATORS))
    board = PublishedBoard(
        PublishedValues(database, INDICATORS, clock),
        Explanations(database),
        Bookkeeping(database),
        make_board_alerts(database, written, load_address_book()),
        INDICATORS,
        clock,
        {},
    )
    runner = web.AppRunner(
        make_app(board, clock, lambda: Readiness(live=True, ready=True), CollectorRegistry())
    )
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    print(f"http://{host}:{port}", flush=True)
    await asyncio.Event().wait()


def main(folder: str, facts: str) -> None:
    with closing(Database.at(f"chdb://{Path(folder).absolute()}")) as database:
        fill_and_build(database, int(facts))
        asyncio.run(serve(database))


if __name__ == "__main__":
    main(*sys.argv[1:])
