"""A batch is tried until the store has answered, and nothing is lost or doubled when it goes away (law 1)."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from bewithu.errors import Unavailable
from schemas.intake import BatchNote, Frame, LogFrame, Refusal
from sinks.clickhouse.database import Database
from sinks.clickhouse.fact_store import ClickHouseFactStore
from streams import worker
from streams.batches import RecordBatch
from streams.intake import Outcome
from streams.worker import Progress, store
from tests.intake_samples import (
    FIRST_OFFSET,
    REGISTRATION,
    Registry,
    as_fact,
    batch,
    encoded,
    facts,
    intake_to,
    quarantined,
    sample,
)


class Flaky(ClickHouseFactStore):
    """Fails at one call, before it does anything or after it has done all, and works from then on."""

    def __init__(self, database: Database, failing_call: int, before: bool) -> None:
        super().__init__(database)
        self._calls_left = failing_call
        self._before = before

    def _call(self, call: Callable[[], Any]) -> Any:
        self._calls_left -= 1
        failing = self._calls_left == -1
        if failing and self._before:
            raise Unavailable("the store", "went away before")
        answer = call()
        if failing:
            raise Unavailable("the store", "went away after")
        return answer

    def insert(self, frame: Frame | LogFrame) -> Sequence[tuple[int, int]]:
        answer: Sequence[tuple[int, int]] = self._call(lambda: super(Flaky, self).insert(frame))
        return answer

    def quarantine(self, refusals: Sequence[Refusal]) -> None:
        self._call(lambda: super(Flaky, self).quarantine(refusals))

    def note(self, notes: Sequence[BatchNote]) -> None:
        self._call(lambda: super(Flaky, self).note(notes))


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("failing_call", range(4), ids=["first frame", "second frame", "quarantine", "note"])
async def test_a_store_that_goes_away_at_any_call_loses_and_doubles_nothing(
    failing_call: int, before: bool, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_FIRST_PAUSE", 0.001)
    registry = Registry()
    registry.texts[21] = json.dumps(dict(REGISTRATION.schema) | {"doc": "another version"})
    events = [sample() for _ in range(4)]
    values = [encoded(event) for event in events]
    values[1] = b"\0\0\0\0\x15" + values[1][5:]
    taken = batch([*values, encoded(sample(person=None)), b"\x01"])
    progress = Progress()
    intake = intake_to(Flaky(database, failing_call, before), registry)

    with pytest.raises(Unavailable):
        intake.take(taken)
    assert not taken.stored
    await store([taken], intake, progress, lambda: False)

    assert taken.stored
    assert (progress.records, progress.refused, progress.batches) == (6, 2, 1)
    assert facts(database) == {as_fact(REGISTRATION, event) for event in events}
    assert [row["offset"] - FIRST_OFFSET for row in quarantined(database)] == [4, 5]
    assert database.value("SELECT uniqExact(topic, partition, first_offset) FROM batches") == 1


@dataclass
class Answers:
    """An intake that raises what it is told, then stores."""

    errors: list[Exception] = field(default_factory=list)
    taken: int = 0

    def take(self, batch: RecordBatch) -> Outcome:
        self.taken += 1
        if self.errors:
            raise self.errors.pop(0)
        return Outcome(len(batch.records), [])


async def stored_by(
    intake: Any, abandoned: Callable[[], bool] = lambda: False
) -> tuple[RecordBatch, Progress]:
    taken, progress = batch([b"x"] * 3), Progress()
    await asyncio.wait_for(store([taken], intake, progress, abandoned), 30)
    return taken, progress


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_FIRST_PAUSE", 0.001)


@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize(
    "error", [Unavailable("ClickHouse", "refused"), RuntimeError("a bug"), OSError("disk full")]
)
async def test_a_batch_is_tried_until_it_is_stored(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "bewithu.ingest"):
        intake = Answers([error] * 3)
        taken, progress = await stored_by(intake)
    assert taken.stored
    assert intake.taken == 4
    assert (progress.records, progress.batches, progress.away) == (3, 1, "")
    assert progress.stored.is_set()
    # The same trouble is told once, and its end.
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert str(error) in caplog.text


@pytest.mark.usefixtures("no_pause")
async def test_a_batch_is_left_unstored_when_its_partition_moves_away() -> None:
    intake = Answers([Unavailable("ClickHouse", "refused")] * 99)
    taken, progress = await stored_by(intake, abandoned=lambda: intake.taken == 5)
    assert not taken.stored
    assert intake.taken == 5
    assert (progress.batches, progress.away) == (0, "ClickHouse is away: refused")


async def test_a_batch_that_is_stored_already_is_not_taken_again() -> None:
    intake, taken = Answers(), batch([b"x"])
    taken.stored = True
    await store([taken], intake, Progress(), lambda: False)  # type: ignore[arg-type]
    assert intake.taken == 0


@pytest.mark.usefixtures("no_pause")
async def test_the_log_does_not_tell_a_national_number_that_an_error_quotes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    _, progress = await stored_by(Answers([RuntimeError("cannot parse 99010100147")]), abandoned=lambda: True)
    assert "99010100147" not in caplog.text + progress.away
