"""Offsets advance over what is stored and nothing else (law 1)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from bewithu.errors import Unavailable
from bewithu.settings import Kafka
from schemas.intake import BatchNote, Frame, LogFrame, Refusal
from schemas.quarantine import Earlier, Span
from streams.batches import RecordBatch
from streams.transport import BatchConsumer, InFlight
from streams.worker import Progress, make_app
from tests.intake_samples import (
    NOW,
    REGISTRATION,
    batch,
    intake_to,
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


async def test_what_the_agent_has_handed_on_is_not_done_for_faust(consumer: Any) -> None:
    """The iterator itself, compiled or not: it acknowledges what nobody refers to any more, past the consumer."""
    app = consumer.app
    app.consumer = consumer
    app.flow_control.resume()
    app.topics._acking_topics.add(TOPIC.topic)
    stream = app.topic(TOPIC.topic, key_serializer="raw", value_serializer="raw").stream()
    events = aiter(stream)
    (sent,) = await delivered_to(consumer, [3])
    sent.incref()  # the conductor's, for the one channel that it puts the message into
    await stream.channel.put(await stream.channel.decode(sent))
    taken = await anext(events)
    assert list(consumer.unacked) == [sent]
    following = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0.05)
    assert list(consumer.unacked) == [sent], "done before it is stored"
    taken.stored = True
    consumer.settle([taken])
    assert list(consumer.unacked) == []
    assert consumer._filter_committable_offsets([TOPIC]) == {TOPIC: 3}
    following.cancel()
    await stream.stop()


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
