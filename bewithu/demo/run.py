"""Runs a demo from start to report: replay, watch, drain, count."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

from bewithu import simulator
from bewithu.clock import brussels_day
from bewithu.demo.platform import Choices, Platform
from bewithu.demo.report import Report, make_report
from bewithu.demo.story import Asked, Story
from bewithu.errors import BewithuError
from bewithu.fitting.worker import first_to_end
from sinks.clickhouse.alert_log import ClickHouseAlertLog
from sinks.clickhouse.bookkeeping import Bookkeeping
from sinks.clickhouse.published import PublishedValues

#: Real seconds that the platform may take at the end to take in what was published and tell of it.
_DRAIN_SECONDS = 120.0
_READY_SECONDS = 60.0


async def run_demo(
    platform: Platform,
    choices: Choices,
    asked: Asked,
    seconds: float | None,
    story: Story,
    show: Callable[[], None],
) -> Report:
    """Replays until the end is `asked` for, the plan is done or `seconds` have passed since the start, then reports.

    Raises BewithuError when the platform is not ready in time, or is to end at once before that.
    """
    halt = asyncio.Event()
    report: list[Report] = []

    async def tell() -> None:
        report.append(await _replay(platform, choices, asked, seconds, story))

    try:
        await first_to_end(platform.worker.run(halt), tell(), _keep_showing(show))
    finally:
        halt.set()
    if not report:
        raise BewithuError("the worker ended before the demo did")
    return report[0]


async def _replay(
    platform: Platform, choices: Choices, asked: Asked, seconds: float | None, story: Story
) -> Report:
    await _until_ready(platform, asked)
    story.phase = "running"
    platform.clock.start()
    enough = threading.Event()
    agencies = asyncio.create_task(asyncio.to_thread(_publish, platform, choices, enough, story))
    try:
        waiting = asyncio.create_task(asked.end.wait())
        left = None if seconds is None else max(1.0, seconds - story.seconds)
        await asyncio.wait({agencies, waiting}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
    finally:
        story.phase = "stopping"
        enough.set()
        done = await agencies
    platform.clock.stop()
    return await _drained(platform, done.delivered, story, asked)


def _publish(
    platform: Platform, choices: Choices, enough: threading.Event, story: Story
) -> simulator.Progress:
    def note(progress: simulator.Progress) -> None:
        story.progress = progress

    return simulator.run(simulator.simulate(choices.plan), platform.publisher, platform.clock, enough, note)


async def _until_ready(platform: Platform, asked: Asked) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not (platform.worker.started and platform.worker.app.is_leader()):
        if asked.at_once.is_set():
            raise BewithuError("the demo was ended before the platform was ready")
        if time.monotonic() > deadline:
            raise BewithuError(
                "; ".join(platform.worker.readiness().reasons) or "the worker did not become leader"
            )
        await asyncio.sleep(0.05)


async def _drained(platform: Platform, published: int, story: Story, asked: Asked) -> Report:
    """Reports what there is once everything published is stored, counted and told, or it is to end at once."""
    bookkeeping = Bookkeeping(platform.observer)
    deadline = time.monotonic() + _DRAIN_SECONDS

    def has_time() -> bool:
        return time.monotonic() < deadline and not asked.at_once.is_set()

    books = await asyncio.to_thread(bookkeeping.books)
    while books.published < published and has_time():
        await asyncio.sleep(0.1)
        books = await asyncio.to_thread(bookkeeping.books)
    log = ClickHouseAlertLog(platform.observer)
    if has_time():
        await platform.worker.leader.step()
    while has_time() and await asyncio.to_thread(_mail_waits, log):
        await platform.worker.leader.step()
        await asyncio.sleep(0.05)
    values = PublishedValues(platform.observer, platform.written.indicators, platform.clock)
    day = brussels_day(platform.clock.now())
    cells = await asyncio.to_thread(values.totals, list(platform.written.indicators), ["BE"], day, day)
    return make_report(published, books, cells, log.recent(100_000), platform.catcher.count, story.seconds)


def _mail_waits(log: ClickHouseAlertLog) -> bool:
    return bool(log.unfinished() or log.unaddressed())


async def _keep_showing(show: Callable[[], None]) -> None:
    while True:
        await asyncio.to_thread(show)
        await asyncio.sleep(0.25)
