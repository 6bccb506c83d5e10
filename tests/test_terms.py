"""Law 2 where two lead at a time: what a leader of an earlier term sent writes nothing, however late it arrives."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest

from bewithu import settings
from bewithu.errors import LeadLost, Unavailable
from schemas.indicators import load_indicators
from sinks.clickhouse import terms
from sinks.clickhouse.database import Database, statement
from sinks.clickhouse.indicator_store import ClickHouseIndicators
from sinks.clickhouse.prepare import prepare
from sinks.clickhouse.terms import Terms
from tests.chaos.faults import Fault, FaultProxy
from tests.events import Platform, person, registration
from tests.parts.clickhouse import ClickHouse
from tests.parts.deadlines import wait_until
from tests.parts.processes import running

COUNTED = "persons_protected"
INDICATORS = {COUNTED: load_indicators(files("streams.indicators"))[COUNTED]}
MOMENT = datetime(2025, 3, 3, 9, 30, tzinfo=UTC)
#: How long a client waits for ClickHouse, and how long the proxy holds what it then forwards.
TIMEOUT_SECONDS, HELD_SECONDS = 1, 2.0


@pytest.fixture
def address(clickhouse: ClickHouse, clickhouse_database: str) -> str:
    return f"http://127.0.0.1:{clickhouse.port}/{clickhouse_database}"


@pytest.fixture
def shared(address: str) -> Iterator[Database]:
    with closing(Database.at(address)) as database:
        prepare(database)
        yield database


def platform_with_ten(database: Database) -> Platform:
    """Everything is built; then ten persons are registered."""
    platform = Platform(database, INDICATORS)
    platform.refresh()
    platform.send(*(registration(person(number), MOMENT) for number in range(10)))
    return platform


def protected(database: Database) -> tuple[int, int]:
    """By steps and by moves."""
    steps = "SELECT sum(delta) FROM steps WHERE indicator = {indicator:String}"
    moves = (
        "SELECT sum(delta) FROM moves WHERE indicator = {indicator:String} AND area = 'BE' AND breakdown = ''"
    )
    return database.value(steps, indicator=COUNTED), database.value(moves, indicator=COUNTED)


@pytest.mark.parametrize("write", range(1, 4))
def test_a_leader_that_was_replaced_without_its_knowing_writes_nothing(shared: Database, write: int) -> None:
    platform = platform_with_ten(shared)
    later = platform.clock.now() + timedelta(hours=1)
    replaced, successor = (ClickHouseIndicators(shared, INDICATORS) for _ in range(2))
    assert replaced.refresh(platform.clock.now() - timedelta(minutes=1), leads=lambda: True) is not None
    platform.send(*(registration(person(number), MOMENT) for number in range(10, 20)))
    asked = 0

    def leads() -> bool:
        nonlocal asked
        asked += 1
        if asked == write:
            successor.refresh(later)
        return True

    with pytest.raises(LeadLost):
        replaced.refresh(later, leads=leads)
    assert asked >= write
    assert protected(shared) == (20, 20)
    assert replaced.refresh(later) is None
    assert protected(shared) == (20, 20)


@pytest.fixture
def proxy(clickhouse: ClickHouse) -> Iterator[FaultProxy]:
    with running(FaultProxy(clickhouse.port, seed=1, late_seconds=HELD_SECONDS)) as made:
        made.faults = (Fault.HELD,)
        made.start()
        yield made


@pytest.mark.parametrize("write", range(1, 4))
def test_a_write_that_arrives_after_its_leader_gave_up_waiting_writes_nothing(
    shared: Database, clickhouse_database: str, proxy: FaultProxy, write: int
) -> None:
    platform = platform_with_ten(shared)
    later = platform.clock.now() + timedelta(hours=1)
    url = f"http://127.0.0.1:{proxy.port}/{clickhouse_database}"
    asked = 0

    def leads() -> bool:
        nonlocal asked
        asked += 1
        proxy.rate = float(asked == write)
        return True

    with closing(Database.of(settings.ClickHouse(url=url, timeout_seconds=TIMEOUT_SECONDS))) as behind_proxy:
        indicators = ClickHouseIndicators(behind_proxy, INDICATORS)
        assert indicators.refresh(platform.clock.now()) is not None
        platform.send(*(registration(person(number), MOMENT) for number in range(10, 20)))
        with pytest.raises(Unavailable):
            indicators.refresh(later, leads=leads)
        proxy.rate = 0.0
        assert indicators.refresh(later) is not None
        assert protected(shared) == (20, 20)
        wait_until(lambda: proxy.arrived_late == 1, 10, "the write that was held")
    assert protected(shared) == (20, 20)


def test_a_term_begins_when_what_runs_has_ended(shared: Database, address: str) -> None:
    slow = "INSERT INTO moves SELECT 'none', 1, 'BE', '', toDate32('2025-03-03'), 0, sleep(2), now64(3), 1"
    with closing(Database.at(address)) as other:
        beside = threading.Thread(target=other.run, args=(slow,))
        beside.start()
        wait_until(lambda: under_way(shared), 5, "the slow write")
        Terms(shared).begin(0)
        assert not under_way(shared)
        beside.join()


def test_a_write_that_never_ends_is_named(shared: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terms, "statement", lambda name: "SELECT 'a change of steps: DELETE'")
    monkeypatch.setattr(terms, "_PATIENCE_SECONDS", 0.1)
    with pytest.raises(Unavailable, match="a change of steps: DELETE"):
        Terms(shared).begin(0)


def under_way(database: Database) -> list[str]:
    return [what for (what,) in database.rows(statement("under_way"))]
