"""The demo ends when all is stored and told, and at once when it is asked a second time."""

from __future__ import annotations

import asyncio
from importlib.resources import files
from types import SimpleNamespace
from typing import Any

import pytest

from bewithu.demo.run import _drained, _until_ready
from bewithu.demo.story import Asked, Story
from bewithu.errors import BewithuError
from schemas.indicators import load_indicators
from sinks.clickhouse.database import Database
from tests.events import ManualClock


class Leader:
    """Takes no steps, so what was published is never stored."""

    async def step(self) -> None:
        pass


def platform(database: Database | None) -> Any:
    return SimpleNamespace(
        observer=database,
        worker=SimpleNamespace(leader=Leader(), started=False),
        written=SimpleNamespace(indicators=load_indicators(files("streams.indicators"))),
        clock=ManualClock(),
        catcher=SimpleNamespace(count=0),
    )


def test_the_second_time_it_is_to_end_at_once() -> None:
    asked = Asked()
    asked.ask()
    assert asked.end.is_set()
    assert not asked.at_once.is_set()
    asked.ask()
    assert asked.at_once.is_set()


async def test_it_waits_for_what_was_sent_until_it_is_asked_again(database: Database) -> None:
    asked = Asked()
    asked.ask()
    end = asyncio.create_task(_drained(platform(database), 7, Story(), asked))
    await asyncio.wait([end], timeout=1)
    assert not end.done()
    asked.ask()
    report = await asyncio.wait_for(end, 60)
    assert "published 7, but accepted 0 + quarantined 0 + duplicates 0 = 0" in report.failures()


async def test_what_is_not_ready_yet_ends_when_it_is_asked_again() -> None:
    asked = Asked()
    start = asyncio.create_task(_until_ready(platform(None), asked))
    asked.ask()
    await asyncio.wait([start], timeout=0.5)
    assert not start.done()
    asked.ask()
    with pytest.raises(BewithuError, match="ended before the platform was ready"):
        await asyncio.wait_for(start, 30)
