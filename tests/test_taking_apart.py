"""An error that nobody thought of stops no partition: its record is found and set aside, unless the error is ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from bewithu.errors import Unavailable
from sinks.clickhouse.database import Database
from sinks.clickhouse.fact_store import ClickHouseFactStore
from streams import worker
from streams.taking_apart import take_apart
from streams.worker import Progress, store
from tests.intake_samples import (
    FIRST_OFFSET,
    REGISTRATION,
    as_fact,
    batch,
    encoded,
    facts,
    intake_to,
    quarantined,
    sample,
)


class Tripping(ClickHouseFactStore):
    """Fails in a way that nobody thought of at frames that hold one of `traps`."""

    def __init__(self, database: Database, traps: Sequence[bytes]) -> None:
        super().__init__(database)
        self._traps = traps

    def insert(self, frame: Any) -> Any:
        block = frame.block if isinstance(frame.block, bytes) else b"".join(frame.block)
        if any(trap in block for trap in self._traps):
            raise AttributeError("a bug")
        return super().insert(frame)


async def test_the_record_that_nobody_can_store_is_set_aside_and_the_others_pass(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_FIRST_PAUSE", 0.001)
    events = [sample() for _ in range(6)]
    trap = str(events[2]["event_id"]).encode()
    taken, progress = batch([encoded(event) for event in events]), Progress()
    await store([taken], intake_to(Tripping(database, [trap])), progress, lambda: False)

    assert taken.stored
    assert (progress.records, progress.refused, progress.away) == (6, 1, "")
    assert facts(database) == {as_fact(REGISTRATION, event) for event in [*events[:2], *events[3:]]}
    (held,) = quarantined(database)
    assert (held["offset"] - FIRST_OFFSET, held["reason"]) == (2, "refused_by_store")
    assert "AttributeError" in held["detail"]


def test_an_error_that_most_records_cause_is_ours_and_blames_nobody(database: Database) -> None:
    events = [sample() for _ in range(24)]
    with pytest.raises(AttributeError):
        take_apart(
            intake_to(Tripping(database, [b"certif", b"dvz", b"Obj"])),
            [batch([encoded(each) for each in events])],
        )
    assert quarantined(database) == []


def test_a_store_that_is_away_blames_nobody(database: Database) -> None:
    class Away(ClickHouseFactStore):
        def insert(self, frame: Any) -> Any:
            raise Unavailable("the store", "no answer")

    with pytest.raises(Unavailable):
        take_apart(intake_to(Away(database)), [batch([encoded(sample())])])
    assert quarantined(database) == []
