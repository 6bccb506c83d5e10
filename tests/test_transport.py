"""Offsets advance over what is stored and nothing else; a batch is tried until the store has answered (law 1)."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP
from hypothesis import given, settings
from hypothesis import strategies as st

from bewithu.errors import Unavailable
from bewithu.settings import Kafka
from schemas.intake import BatchNote, Frame, LogFrame, Refusal
from schemas.quarantine import Earlier, Span
from sinks.clickhouse.database import Database
from sinks.clickhouse.fact_store import ClickHouseFactStore
from streams import worker
from streams.batches import RecordBatch
from streams.intake import Outcome
from streams.transport import BatchConsumer, InFlight
from streams.worker import Progress, make_app, store
from tests.intake_samples import (
    FIRST_OFFSET,
    NOW,
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

TOPIC = TP(REGISTRATION.topic, 3)


def batches(sizes: Sequence[int]) -> list[RecordBatch]:
    """Batches one after the other from offset 0, `sizes` records each."""
    starts = [sum(sizes[:place]) for place in range(len(sizes))]
    return [batch([b"x"] * size, first_offset=start) for start, size in zip(starts, sizes, strict=True)]


def offset_of_stored(delivered: Sequence[RecordBatch]) -> int | None:
    """The oracle: one past the last of the batches before which all are stored."""
    offset = None
    for each in delivered:
        if not each.stored:
            break
        offset = each.last_offset + 1
    return offset


def message(of: RecordBatch) -> Any:
    """As much of Faust's message as offsets depend on."""
    return SimpleNamespace(value=of)


# --- offsets ---


@settings(deadline=None)
@given(st.data())
def test_in_whatever_order_batches_are_stored_no_offset_passes_an_unstored_one(data: st.DataObject) -> None:
    delivered = batches(data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=8)))
    flight = InFlight()
    assert flight.next_offset() is None
    for each in delivered:
        flight.delivered(message(each))
    for place in data.draw(st.permutations(range(len(delivered)))):
        delivered[place].stored = True
        if data.draw(st.booleans()):
            assert flight.next_offset() == offset_of_stored(delivered)
    assert flight.next_offset() == delivered[-1].last_offset + 1


@settings(deadline=None)
@given(st.lists(st.sampled_from(["deliver", "store first", "store last", "ask"]), max_size=40))
def test_offsets_never_go_back_while_batches_come_and_go(steps: list[str]) -> None:
    flight, delivered, last = InFlight(), list[RecordBatch](), -1
    for step in steps:
        unstored = [each for each in delivered if not each.stored]
        if step == "deliver":
            delivered.append(batch([b"x"], first_offset=len(delivered)))
            flight.delivered(message(delivered[-1]))
        elif step == "ask":
            offset = flight.next_offset()
            assert offset == offset_of_stored(delivered)
            assert (offset or 0) >= last
            last = offset or 0
        elif unstored:
            unstored[0 if step == "store first" else -1].stored = True


@pytest.fixture
async def consumer() -> Any:
    async def nothing(*_: Any) -> None: ...

    app = make_app(Kafka(), intake_to(Unanswering()), Progress())
    made = app.transport.create_consumer(
        callback=nothing, on_partitions_revoked=nothing, on_partitions_assigned=nothing
    )
    assert isinstance(made, BatchConsumer)
    yield made
    made._thread.thread_loop.close()


async def delivered_to(consumer: Any, sizes: Sequence[int]) -> list[Any]:
    """As Faust's fetcher does it: each message is made, and then given to the callback."""
    messages = [consumer._to_message(TOPIC, each) for each in batches(sizes)]
    for message in messages:
        await consumer.callback(message)
    return messages


async def test_a_message_is_a_batch_with_the_offset_of_its_last_record(consumer: Any) -> None:
    (message,) = await delivered_to(consumer, [7])
    assert (message.offset, message.tp, len(message.value.records)) == (6, TOPIC, 7)
    assert message.timestamp == NOW / 1000
    with pytest.raises(TypeError, match="expected a batch"):
        consumer._to_message(TOPIC, b"one record")


async def test_acknowledging_a_batch_that_is_not_stored_does_not_count(consumer: Any) -> None:
    first, second = await delivered_to(consumer, [3, 2])
    assert not consumer.ack(first)
    second.value.stored = True
    consumer.ack(second)
    assert consumer._filter_committable_offsets([TOPIC]) == {}
    first.value.stored = True
    consumer.ack(first)
    assert consumer._filter_committable_offsets([TOPIC]) == {TOPIC: 5}


async def test_what_is_stored_after_the_partition_moved_away_commits_nothing(consumer: Any) -> None:
    (before,) = await delivered_to(consumer, [3])
    await consumer.on_partitions_revoked({TOPIC})
    before.value.stored = True
    consumer.ack(before)
    assert consumer._filter_committable_offsets([TOPIC]) == {}
    again, after = await delivered_to(consumer, [3, 4])
    after.value.stored = True
    assert consumer._filter_committable_offsets([TOPIC]) == {}
    again.value.stored = True
    assert consumer._filter_committable_offsets([TOPIC]) == {TOPIC: 7}


async def test_what_is_delivered_while_partitions_are_handed_over_holds_nothing_up(consumer: Any) -> None:
    await consumer.on_partitions_revoked({TOPIC})
    late = consumer._to_message(TOPIC, batch([b"x"], first_offset=50))
    consumer.app.consumer_generation_id += 1
    await consumer.callback(late)
    (after,) = await delivered_to(consumer, [3])
    after.value.stored = True
    assert consumer._filter_committable_offsets([TOPIC]) == {TOPIC: 3}


async def test_a_batch_is_waited_for_until_it_is_stored_or_given_up(consumer: Any) -> None:
    stored, given_up, waiting = await delivered_to(consumer, [3, 2, 4])
    # Faust's conductor keeps what it handed on, and waits for it before it gives partitions away.
    consumer._unacked_messages.update((stored, given_up, waiting))
    consumer.ack(stored)
    assert len(consumer.unacked) == 3
    stored.value.stored = True
    consumer.settle([stored.value, given_up.value])
    assert list(consumer.unacked) == [waiting]
    assert consumer._filter_committable_offsets([TOPIC]) == {TOPIC: 3}


# --- a store that is away ---


class Unanswering:
    """No call is answered."""

    def insert(self, frame: Frame | LogFrame) -> Sequence[tuple[int, int]]:
        raise Unavailable("the store", "no answer")

    def earlier(self, spans: Sequence[Span]) -> Sequence[Earlier]:
        raise Unavailable("the store", "no answer")

    def quarantine(self, refusals: Sequence[Refusal]) -> None:
        raise Unavailable("the store", "no answer")

    def note(self, notes: Sequence[BatchNote]) -> None:
        raise Unavailable("the store", "no answer")


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
