"""The leader's step: one at a time, whoever asks for it; and whose turn it is, an insert's or a refresh's."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.resources import files

import pytest

from alerts.announce import Announced
from alerts.teller import StepReport
from bewithu.clock import SystemClock
from bewithu.errors import LeadLost, Unavailable
from bewithu.fitting import leader as module
from bewithu.fitting.leader import Leader
from schemas.indicators import load_indicators
from sinks.clickhouse.audit import Audited, Sample
from sinks.clickhouse.database import Database
from sinks.clickhouse.forgetting import Forgot
from sinks.clickhouse.indicator_store import ClickHouseIndicators
from streams.intake import Outcome
from streams.worker import Progress, lead
from tests.events import Platform, person, registration
from tests.parts.deadlines import wait_until_async


async def test_steps_that_are_asked_for_at_once_are_taken_one_after_the_other() -> None:
    under_way, overlaps = threading.Lock(), []

    def refresh(now: datetime, on_values: Callable[[], object], leads: Callable[[], bool]) -> None:
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

    def refresh(now: datetime, on_values: Callable[[], object], leads: Callable[[], bool]) -> None:
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


async def test_old_events_are_forgotten_until_none_is_left_and_then_only_so_often() -> None:
    answers = [None, Forgot({"registration": 3}, more=True), Forgot({"registration": 2}, more=False)]

    def refresh(now: datetime, on_values: Callable[[], object], leads: Callable[[], bool]) -> None: ...

    async def tell(now: datetime) -> StepReport:
        return StepReport()

    leader = Leader(refresh, tell, SystemClock(), forget=lambda now, leads: answers.pop(0), forget_every=3600)
    for _ in range(5):
        await leader.step()
    assert (answers, leader.forgotten) == ([], 5)


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


async def test_whoever_leads_next_waits_for_the_step_under_way_also_when_nobody_waits_for_it_here() -> None:
    begun, ends, done = asyncio.Event(), threading.Event(), []
    loop = asyncio.get_running_loop()

    def refresh(now: datetime, on_values: Callable[[], object], leads: Callable[[], bool]) -> None:
        loop.call_soon_threadsafe(begun.set)
        assert ends.wait(10)
        done.append("refreshed")

    async def tell(now: datetime) -> StepReport:
        done.append("evaluated")
        return StepReport()

    leader = Leader(refresh, tell, SystemClock())
    assert await leader.idle(0), "nothing was begun"
    stepping = asyncio.create_task(leader.step())
    await asyncio.wait_for(begun.wait(), 5)
    stepping.cancel()
    assert not await leader.idle(0.02)
    leader.leads = lambda: False
    ends.set()
    assert await leader.idle(5)
    assert done == ["refreshed"], "rules are left to the next leader"


async def test_a_lead_that_is_lost_is_no_trouble_that_readiness_tells_of() -> None:
    def refresh(now: datetime, on_values: Callable[[], object], leads: Callable[[], bool]) -> None:
        raise LeadLost("another worker leads")

    async def tell(now: datetime) -> StepReport:
        return StepReport()

    leader = Leader(refresh, tell, SystemClock())
    with pytest.raises(LeadLost):
        await leader.step()
    assert leader.trouble == ""


async def test_a_lead_that_is_lost_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    steps = asyncio.Event()

    async def step() -> None:
        steps.set()
        raise LeadLost("another worker leads")

    with caplog.at_level("INFO"):
        leading = asyncio.create_task(lead(lambda: True, step, Progress(), interval=0.01))
        await asyncio.wait_for(steps.wait(), 5)
        leading.cancel()
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("INFO", "another worker leads")
    ]


@pytest.mark.parametrize("writes", range(3))
def test_a_refresh_writes_nothing_more_once_the_lead_is_lost(database: Database, writes: int) -> None:
    """The next leader's refresh is right, whatever was written."""
    platform = Platform(database)
    platform.refresh()
    platform.send(registration(person(1), datetime(2025, 3, 3, tzinfo=UTC)))
    asked: list[int] = []

    def leads() -> bool:
        asked.append(1)
        return len(asked) <= writes

    with pytest.raises(LeadLost):
        ClickHouseIndicators(database, load_indicators(files("streams.indicators"))).refresh(
            platform.clock.now(), leads=leads
        )
    written = [database.value(f"SELECT count() > 0 FROM {table}") for table in ("steps", "moves")]
    assert written == [writes > 0, writes > 1]
    platform.refresh()
    total = "SELECT value FROM indicator_values WHERE indicator = 'registrations_7d' AND area = 'BE'"
    assert database.value(f"{total} AND breakdown = '' AND day = '2025-03-03'") == 1


async def test_an_audit_comes_after_an_evaluation_when_it_is_due_and_is_counted() -> None:
    done: list[str] = []

    def refresh(now: datetime, on_values: Callable[[], object], leads: Callable[[], bool]) -> None:
        done.append("refreshed")

    async def tell(now: datetime) -> StepReport:
        done.append("told")
        return StepReport()

    def audit(now: datetime, leads: Callable[[], bool]) -> Audited:
        done.append("audited")
        return Audited(Sample(1, "registrations_7d", "BE"), 2, 1)

    leader = Leader(refresh, tell, SystemClock(), audit=audit, audit_every=1e-9)
    await leader.step()
    assert done == ["refreshed", "told", "audited"]
    assert (leader.audits, leader.differences) == (1, 3)
    seldom = Leader(refresh, tell, SystemClock(), audit=audit, audit_every=3600)
    await seldom.step()
    assert seldom.audits == 0
    never = Leader(refresh, tell, SystemClock(), audit=audit, audit_every=0)
    await never.step()
    assert never.audits == 0


async def test_alerts_are_published_after_the_mails_and_what_keeps_them_is_trouble() -> None:
    done: list[str] = []

    def refresh(now: datetime, on_values: Callable[[], object], leads: Callable[[], bool]) -> None: ...

    async def tell(now: datetime) -> StepReport:
        done.append("told")
        return StepReport()

    async def announce() -> Announced:
        done.append("published")
        return Announced(3, "Kafka is away: timed out")

    leader = Leader(refresh, tell, SystemClock(), evaluate_every=3600, announce=announce)
    await leader.step()
    await leader.keep_up()
    assert done == ["told", "published"], "only where rules were evaluated"
    assert (leader.alert_events, leader.trouble) == (3, "Kafka is away: timed out")


async def test_trouble_with_mails_comes_before_that_with_events() -> None:
    def refresh(now: datetime, on_values: Callable[[], object], leads: Callable[[], bool]) -> None: ...

    async def tell(now: datetime) -> StepReport:
        return StepReport(trouble="ClickHouse is away")

    async def announce() -> Announced:
        return Announced(trouble="Kafka is away")

    leader = Leader(refresh, tell, SystemClock(), announce=announce)
    await leader.step()
    assert leader.trouble == "ClickHouse is away"


async def test_feeds_are_written_down_by_who_leads_and_rarely_and_no_step_waits_for_it() -> None:
    noted: list[datetime] = []
    may_end = threading.Event()

    def refresh(now: datetime, on_values: Callable[[], object], leads: Callable[[], bool]) -> None:
        return None

    async def tell(now: datetime) -> StepReport:
        return StepReport()

    def note_feeds(now: datetime, leads: Callable[[], bool]) -> int:
        noted.append(now)
        assert may_end.wait(30)
        raise Unavailable("ClickHouse", "gone meanwhile")

    leader = Leader(refresh, tell, SystemClock(), note_feeds=note_feeds)
    await leader.step()
    await leader.step()
    may_end.set()
    await wait_until_async(lambda: len(noted) == 1, 30, "feeds to be written down")
    await leader.step()
    assert leader.trouble == ""
    assert len(noted) == 1

    other = Leader(refresh, tell, SystemClock(), note_feeds=note_feeds)
    other.leads = lambda: False
    await other.step()
    assert len(noted) == 1


@pytest.mark.parametrize(("fails", "times"), [(True, 2), (False, 1)])
async def test_feeds_that_could_not_be_written_down_are_tried_again_without_the_long_rest(
    fails: bool, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the try took: a timeout of five minutes would else leave dashboards without them for hours."""
    monkeypatch.setattr(module, "_FEEDS_SECONDS", 0.0)
    monkeypatch.setattr(module, "_FEEDS_REST", 1e9)
    noted: list[datetime] = []

    def refresh(now: datetime, on_values: Callable[[], object], leads: Callable[[], bool]) -> None:
        return None

    async def tell(now: datetime) -> StepReport:
        return StepReport()

    def note_feeds(now: datetime, leads: Callable[[], bool]) -> int:
        noted.append(now)
        if fails:
            raise Unavailable("ClickHouse", "gone meanwhile")
        return 1

    leader = Leader(refresh, tell, SystemClock(), note_feeds=note_feeds)
    for _ in range(2):
        await leader.step()
        assert leader._feeds is not None
        await leader._feeds
    assert len(noted) == times
