"""What waits for the store: bounded in bytes, taken at once when it is little, gathered when much is to come."""

from __future__ import annotations

import asyncio
from time import monotonic

import pytest

from streams import backlog as module
from streams.backlog import Backlog
from streams.batches import RecordBatch
from streams.record_batches import LogBatch


def batch(size: int = 100, behind: int = 0, first: int = 0) -> RecordBatch:
    log = LogBatch(memoryview(bytes(size)), first, first, 1, True, 0, False, 0)
    return RecordBatch("a", 0, log=[log], behind=behind)


def empty(most_bytes: int, refreshed: bool = True) -> Backlog:
    event = asyncio.Event()
    if refreshed:
        event.set()
    return Backlog(most_bytes, event)


async def test_everything_that_waits_is_taken_at_once_oldest_first() -> None:
    backlog, batches = empty(1_000), [batch(first=number) for number in range(3)]
    for each in batches:
        await backlog.put(each)
    assert await asyncio.wait_for(backlog.take(), 5) == batches


async def test_a_full_backlog_takes_no_more_until_it_is_emptied() -> None:
    backlog = empty(1_000)
    await backlog.put(batch(1_000))
    waiting = asyncio.create_task(backlog.put(batch(10)))
    done, _ = await asyncio.wait([waiting], timeout=0.1)
    assert not done, "a backlog of a thousand bytes took a further batch"
    assert len(await asyncio.wait_for(backlog.take(), 5)) == 1
    await asyncio.wait_for(waiting, 5)
    assert len(await asyncio.wait_for(backlog.take(), 5)) == 1


async def test_while_much_is_still_in_kafka_an_insert_waits_for_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE_SECONDS", 30.0)
    backlog = empty(300)
    await backlog.put(batch(100, behind=1_000_000))
    taking = asyncio.create_task(backlog.take())
    done, _ = await asyncio.wait([taking], timeout=0.1)
    assert not done, "the first batch of many was taken alone"
    for _ in range(2):
        await backlog.put(batch(100, behind=1_000_000))
    assert len(await asyncio.wait_for(taking, 5)) == 3, "a full backlog waits no longer"


async def test_nobody_waits_for_ever_for_what_does_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE_SECONDS", 0.02)
    backlog = empty(1_000)
    await backlog.put(batch(behind=1_000_000))
    assert len(await asyncio.wait_for(backlog.take(), 5)) == 1


async def test_small_ones_that_keep_coming_are_taken_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_STEP_SECONDS", 0.3)
    backlog = empty(1_000_000)
    await backlog.put(batch())
    await asyncio.wait_for(backlog.take(), 5)
    first = monotonic()
    await backlog.put(batch(first=1))
    taken = await asyncio.wait_for(backlog.take(), 5)
    assert len(taken) == 1
    assert monotonic() - first >= 0.2, "the second insert followed at once"


async def test_a_small_insert_waits_for_a_refresh_under_way_and_takes_what_came_meanwhile() -> None:
    refreshed = asyncio.Event()
    backlog = Backlog(1_000_000, refreshed)
    await backlog.put(batch())
    taking = asyncio.create_task(backlog.take())
    done, _ = await asyncio.wait([taking], timeout=0.1)
    assert not done, "an insert did not wait for the refresh"
    await backlog.put(batch())
    refreshed.set()
    assert len(await asyncio.wait_for(taking, 5)) == 2


@pytest.mark.parametrize("behind", [0, 1_000_000])
async def test_no_insert_waits_long_for_a_refresh_nor_at_all_while_much_is_in_kafka(
    behind: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LONGEST_TURN_SECONDS", 30.0 if behind else 0.02)
    monkeypatch.setattr(module, "_PATIENCE_SECONDS", 0.02)
    backlog = empty(1_000, refreshed=False)
    await backlog.put(batch(behind=behind))
    assert len(await asyncio.wait_for(backlog.take(), 5)) == 1
