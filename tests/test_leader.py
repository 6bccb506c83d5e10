"""The leader's step: one at a time, whoever asks for it; and whose turn it is, an insert's or a refresh's."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import datetime

from alerts.teller import StepReport
from bewithu.clock import SystemClock
from bewithu.fitting.worker import Leader
from streams.intake import Outcome
from streams.worker import Progress, lead


async def test_steps_that_are_asked_for_at_once_are_taken_one_after_the_other() -> None:
    under_way, overlaps = threading.Lock(), []

    def refresh(now: datetime, on_values: Callable[[], object]) -> None:
        overlaps.append(not under_way.acquire(blocking=False))
        threading.Event().wait(0.02)
        if not overlaps[-1]:
            under_way.release()

    async def tell(now: datetime) -> StepReport:
        return StepReport()

    leader = Leader(refresh, tell, SystemClock())
    await asyncio.gather(*(leader.step() for _ in range(5)))
    assert overlaps == [False] * 5


async def test_values_are_kept_up_at_every_call_and_rules_are_evaluated_only_so_often() -> None:
    done: list[str] = []

    def refresh(now: datetime, on_values: Callable[[], object]) -> None:
        done.append("refreshed")

    async def tell(now: datetime) -> StepReport:
        done.append("evaluated")
        return StepReport()

    leader = Leader(refresh, tell, SystemClock(), evaluate_every=3600)
    for _ in range(3):
        await leader.keep_up()
    assert done == ["refreshed", "evaluated", "refreshed", "refreshed"]
    await leader.step()
    assert done[-2:] == ["refreshed", "evaluated"]


async def test_an_insert_waits_for_a_refresh_only_of_a_leader_s_own_and_only_until_it_is_done() -> None:
    progress, leads = Progress(), asyncio.Event()
    under_way, ends = asyncio.Event(), asyncio.Event()

    async def step() -> None:
        under_way.set()
        await ends.wait()

    leading = asyncio.create_task(lead(leads.is_set, step, progress, interval=0.01))
    progress.note(Outcome(1, []), 1)
    await asyncio.wait_for(progress.refreshed.wait(), 5)
    leads.set()
    await asyncio.wait_for(under_way.wait(), 5)
    progress.note(Outcome(1, []), 1)
    assert not progress.refreshed.is_set()
    progress.note_refreshed()
    assert not progress.refreshed.is_set(), "what was stored meanwhile is not in the values"
    ends.set()
    await asyncio.wait_for(progress.refreshed.wait(), 5)
    leading.cancel()
