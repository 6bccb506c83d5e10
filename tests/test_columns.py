"""Questions and inserts in columns: the same from both engines, and never half of it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from bewithu.errors import Unavailable
from sinks.clickhouse.database import Database
from tests.chaos.faults import Fault, FaultProxy
from tests.parts.clickhouse import ClickHouse
from tests.parts.processes import running

FRAME = pl.DataFrame(
    {"number": [1, 2, 3], "word": ["een", "zwei", "trois"]}, schema_overrides={"number": pl.UInt32}
)
COLUMNS = "number UInt32, word LowCardinality(String)"


@pytest.fixture(params=["embedded", "server"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "embedded":
        url = request.getfixturevalue("prepared_database").name.replace("chdb at ", "chdb://")
    else:
        server, name = request.getfixturevalue("clickhouse"), request.getfixturevalue("clickhouse_database")
        url = f"http://127.0.0.1:{server.port}/{name}"
    with closing(Database.at(url)) as database:
        database.run(f"CREATE TABLE words ({COLUMNS}) ENGINE = MergeTree ORDER BY number")
        yield database
        database.run("DROP TABLE words")


def test_what_is_inserted_is_what_is_read(store: Database) -> None:
    asked = (
        "SELECT number, toString(words.word) AS word FROM words WHERE number > {above:UInt32} ORDER BY number"
    )
    empty = store.frame(asked, above=0)
    assert (len(empty), empty.schema) == (0, FRAME.schema)
    store.insert_frame("words", FRAME)
    store.insert_frame("words", FRAME.clear())
    assert store.frame(asked, above=0).equals(FRAME)
    assert store.frame(asked, above=2)["word"].to_list() == ["trois"]


def test_an_error_behind_many_rows_is_an_error_and_not_half_an_answer(store: Database) -> None:
    with pytest.raises(DatabaseError, match="throwIf"):
        store.frame("SELECT throwIf(number = 290000) FROM numbers(300000)")


@pytest.mark.parametrize("rest", [lambda stream: stream[:-8], lambda stream: stream[: len(stream) // 2]])
def test_an_answer_that_broke_off_is_none(
    store: Database, monkeypatch: pytest.MonkeyPatch, rest: Callable[[bytes], bytes]
) -> None:
    """Also between two of its messages, where an Arrow reader sees nothing wrong."""
    whole = io.BytesIO()
    FRAME.write_ipc_stream(whole)
    client = store._connected()
    monkeypatch.setattr(client, "raw_query", lambda *_, **__: rest(whole.getvalue()))
    with pytest.raises(Unavailable, match="broke off"):
        store.frame("SELECT 1")


def test_half_of_an_insert_does_not_pass_for_all_of_it(
    clickhouse: ClickHouse, clickhouse_database: str
) -> None:
    proxy = FaultProxy(clickhouse.port, seed=1, late_seconds=2)
    proxy.start()
    address = f"http://127.0.0.1:{proxy.port}/{clickhouse_database}"
    with running(proxy), closing(Database.at(address)) as database:
        database.run(f"CREATE TABLE words ({COLUMNS}) ENGINE = MergeTree ORDER BY number")
        database.insert_frame("words", FRAME)
        proxy.faults, proxy.rate = (Fault.HALVED,), 1.0
        with pytest.raises(Unavailable):
            database.insert_frame("words", FRAME)
        assert proxy.injected[Fault.HALVED.value] >= 1
