"""The proxy does what it is told, seen with the product's own connection; the product calls each by its name."""

from __future__ import annotations

import gc
import socket
from collections.abc import Iterator
from contextlib import closing

import polars as pl
import pytest

from bewithu import settings
from bewithu.errors import Unavailable
from sinks.clickhouse.database import Database
from tests.chaos.faults import Fault, FaultProxy
from tests.parts.clickhouse import ClickHouse
from tests.parts.deadlines import wait_until
from tests.parts.processes import free_port, running


@pytest.fixture
def proxy(clickhouse: ClickHouse) -> Iterator[FaultProxy]:
    made = FaultProxy(clickhouse.port, seed=1, late_seconds=2)
    made.start()
    with running(made):
        yield made


@pytest.fixture
def behind_proxy(proxy: FaultProxy, clickhouse_database: str) -> Iterator[Database]:
    url = f"http://127.0.0.1:{proxy.port}/{clickhouse_database}"
    with closing(Database.of(settings.ClickHouse(url=url, timeout_seconds=1))) as database:
        database.run("CREATE TABLE numbers (number UInt32) ENGINE = MergeTree ORDER BY number")
        yield database


@pytest.fixture
def rows(clickhouse: ClickHouse, clickhouse_database: str) -> Iterator[Database]:
    with closing(Database.at(f"http://127.0.0.1:{clickhouse.port}/{clickhouse_database}")) as database:
        yield database


STORED = {
    Fault.ERROR: True,
    Fault.DROPPED: True,
    Fault.RESET: True,
    Fault.LATE: True,
    Fault.HELD: True,
    Fault.CUT: False,
    Fault.REFUSED: False,
}


@pytest.mark.parametrize("fault", STORED, ids=lambda fault: fault.name.lower())
def test_after_a_fault_the_product_says_that_the_store_is_away_whether_or_not_it_stored(
    fault: Fault, proxy: FaultProxy, behind_proxy: Database, rows: Database
) -> None:
    behind_proxy.insert("numbers", ["number"], [[1]])
    proxy.faults, proxy.rate = (fault,), 1.0
    with pytest.raises(Unavailable):
        behind_proxy.insert("numbers", ["number"], [[2]])
    proxy.rate = 0.0
    assert proxy.injected[fault.value] >= 1
    wait_until(
        lambda: (rows.value("SELECT max(number) FROM numbers") == 2) is STORED[fault], 10, "the insert"
    )
    assert rows.value("SELECT count() FROM numbers WHERE number = 2") == STORED[fault], "sent more than once"
    behind_proxy.insert("numbers", ["number"], [[3]])
    assert rows.value("SELECT max(number) FROM numbers") == 3


@pytest.mark.parametrize("fault", [Fault.DROPPED, Fault.RESET], ids=lambda fault: fault.name.lower())
def test_a_frame_whose_answer_is_lost_is_sent_once(
    fault: Fault, proxy: FaultProxy, behind_proxy: Database, rows: Database
) -> None:
    behind_proxy.insert("numbers", ["number"], [[1]])
    proxy.faults, proxy.rate = (fault,), 1.0
    with pytest.raises(Unavailable):
        behind_proxy.insert_frame("numbers", pl.DataFrame({"number": [2]}, schema={"number": pl.UInt32()}))
    proxy.rate = 0.0
    assert rows.value("SELECT count() FROM numbers WHERE number = 2") == 1


def test_an_endpoint_that_is_gone_is_away_and_comes_back(proxy: FaultProxy, behind_proxy: Database) -> None:
    proxy.go_away()
    with pytest.raises(Unavailable):
        behind_proxy.value("SELECT 1")
    proxy.start()
    assert behind_proxy.value("SELECT 1") == 1


def test_a_connection_of_the_last_moment_is_not_left_open() -> None:
    for _ in range(20):
        made = FaultProxy(free_port(), seed=1, late_seconds=0)
        made.start()
        with socket.create_connection(("127.0.0.1", made.port)):
            made.stop()  # which may have heard of it, or not yet
    gc.collect()  # a transport that nobody closed says so now, and fails the test
