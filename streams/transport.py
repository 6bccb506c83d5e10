"""A Faust transport whose messages are batches: one message per partition and fetch, not one per record.

Faust spends tens of microseconds on every message. Here it keeps assignment, rebalancing and agents, and pays
that price once per batch. Registered as `faust.transports` entry point, so that `bewithu://host:port` finds it.

Where a partition goes on is said by the group's committed offset, and by the store where that has less: one that was
restored from a backup is behind its group.

The transport owns acknowledgement. Faust acknowledges a message in a `finally`, even when its agent failed or was
cancelled; so an acknowledgement counts only once the batch says that it is stored, and offsets advance in the
order in which batches were delivered, per partition.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import aiokafka
from aiokafka import errors
from aiokafka.consumer import fetcher
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.tuples import ConsumerMessage, Message

from streams import coordinator
from streams.batches import RecordBatch
from streams.ports import Reached
from streams.record_batches import LogBatch, complete_batches, is_intact, read_batch
from streams.resuming import behind_the_group, seek_to_committed

log = logging.getLogger("bewithu.ingest")


class _FetchedLog:
    """In place of aiokafka's `MemoryRecords`: the bytes that a fetch brought of a partition's log, unread."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def has_next(self) -> bool:
        return next(complete_batches(self.data), None) is not None

    def size_in_bytes(self) -> int:
        return len(self.data)


class _LogBatches:
    """In place of aiokafka's `PartitionRecords`: an iterator of whole record batches instead of records.

    `next_fetch_offset` is where the fetcher goes on.
    """

    def __init__(
        self,
        tp: TP,
        log: _FetchedLog,
        aborted_transactions: object,
        fetch_offset: int,
        key_deserializer: object,
        value_deserializer: object,
        check_crcs: bool,
        isolation_level: int,
    ) -> None:
        # Events of an aborted transaction would count: agencies publish without transactions, idempotently.
        assert isolation_level == fetcher.READ_UNCOMMITTED, "this transport does not follow transactions"
        self._batches = self._read(tp, log, check_crcs)
        self.next_fetch_offset = fetch_offset

    def __iter__(self) -> Iterator[LogBatch]:
        return self._batches

    def __next__(self) -> LogBatch:
        return next(self._batches)

    def _read(self, tp: TP, log: _FetchedLog, check_crcs: bool) -> Iterator[LogBatch]:
        for raw in complete_batches(log.data):
            if check_crcs and not is_intact(raw):
                raise errors.CorruptRecordException(f"wrong checksum in {tp} behind {self.next_fetch_offset}")
            batch, behind = read_batch(raw, self.next_fetch_offset)
            self.next_fetch_offset = max(behind, self.next_fetch_offset)
            if batch is not None:
                yield batch


# There is no way to pass them in; this process consumes through this transport alone, and the version is pinned.
fetcher.MemoryRecords = _FetchedLog
fetcher.PartitionRecords = _LogBatches
coordinator.install()


#: How long a broker may hold a fetch back for want of records. Faust's own 1.5 s are only as good as a broker that
#: answers at the first record: the embedded one looks again after half of the time.
_FETCH_WAIT_MS = 50


class BatchConsumerThread(driver.AIOKafkaConsumerThread):
    """Fetches in a thread of its own and hands over whole batches."""

    def _create_worker_consumer(self, transport: driver.Transport) -> aiokafka.AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        # Faust has no setting for it; the fetcher is made from it when the consumer starts.
        consumer._fetch_max_wait_ms = _FETCH_WAIT_MS
        return consumer

    async def getmany(self, active_partitions: set[TP] | None, timeout: float) -> Mapping[TP, list[Any]]:  # noqa: ASYNC109 - Faust's signature
        fetched = await super().getmany(active_partitions, timeout)
        return {
            tp: [RecordBatch(tp.topic, tp.partition, log=batches, behind=self._behind(tp, batches[-1]))]
            for tp, batches in fetched.items()
            if batches
        }

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """As Faust's, and to the beginning where nothing was committed; what it returns has None there."""
        return cast("Mapping[TP, int]", await self.call_thread(seek_to_committed, self._ensure_consumer()))

    async def ends(self, seconds: float) -> Mapping[TP, tuple[int, int]]:
        """The first offset and the one behind the last, of each partition that this member has. Raises `TimeoutError`.

        Asked in the thread itself: Faust's queue of calls is also that of commits, and they must not wait for this.
        """
        if self._consumer is None or self.thread_loop.is_closed():
            return {}
        asked = asyncio.run_coroutine_threadsafe(_ends(self._consumer), self.thread_loop)
        return await asyncio.wait_for(asyncio.wrap_future(asked), seconds)

    def _behind(self, tp: TP, last: LogBatch) -> int:
        """How many records the partition has beyond `last`, as far as the broker has told."""
        return max(0, (self.highwater(tp) or 0) - last.last_offset - 1)


async def _ends(consumer: aiokafka.AIOKafkaConsumer) -> dict[TP, tuple[int, int]]:
    partitions = list(consumer.assignment())
    if not partitions:
        return {}
    first, behind = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
    return {TP(tp.topic, tp.partition): (first[tp], behind[tp]) for tp in partitions}


class InFlight:
    """Messages of one partition that were delivered and not yet stored, oldest first."""

    def __init__(self) -> None:
        self._waiting: deque[Message] = deque()
        self._next_offset: int | None = None

    def delivered(self, message: Message) -> None:
        self._waiting.append(message)

    def __iter__(self) -> Iterator[Message]:
        return iter(self._waiting)

    def next_offset(self) -> int | None:
        """The offset to commit: one past the last batch before which everything is stored; None for nothing new."""
        while self._waiting and _batch_in(self._waiting[0]).stored:
            self._next_offset = _batch_in(self._waiting.popleft()).last_offset + 1
        return self._next_offset


class BatchConsumer(driver.Consumer):
    """Faust's aiokafka consumer, with batches for records and acknowledgement by what is stored."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # By generation too: what is delivered while partitions are handed over belongs to nobody afterwards.
        self._in_flight: dict[tuple[TP, int], InFlight] = defaultdict(InFlight)
        self._hand_on = self.callback
        self.callback = self._deliver
        #: What the store has; without it the committed offsets alone count.
        self.reached: Reached | None = getattr(self.app, "reached", None)

    def _new_consumer_thread(self) -> BatchConsumerThread:
        return BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)

    def _to_message(self, tp: TP, batch: Any) -> ConsumerMessage:
        if not isinstance(batch, RecordBatch):
            raise TypeError(f"expected a batch from the consumer thread, got {type(batch).__name__}")
        return ConsumerMessage(
            batch.topic,
            batch.partition,
            batch.last_offset,
            batch.last_time / 1000,
            0,
            [],
            None,
            # Faust declares bytes; nothing between here and the agent looks at it.
            cast("bytes", batch),
            None,
            tp=tp,
            generation_id=self.app.consumer_generation_id,
        )

    async def _deliver(self, message: Message) -> None:
        """Every message passes here on its way to the agent; Faust calls no other method of ours for each."""
        self._in_flight[message.tp, message.generation_id or 0].delivered(message)
        # The store's own. Compiled, Faust acknowledges past `ack` what nobody refers to, and waits for it no more.
        message.incref()
        await self._hand_on(message)

    def heard_seconds_ago(self) -> float | None:
        """Since Kafka last answered a fetch of any partition of ours; None while it answered none of them yet."""
        consumer = getattr(self._thread, "_consumer", None)
        # In the consumer's own thread the assignment may change meanwhile: then it is looked at again soon.
        state = (
            consumer
            and consumer._subscription.subscription
            and consumer._subscription.subscription.assignment
        )
        heard = [state.state_value(tp).timestamp for tp in state.tps] if state else []
        newest = max((each for each in heard if each is not None), default=None)
        return None if newest is None else max(0.0, time.time() - newest / 1000)

    def ack(self, message: Message) -> bool:
        """Faust calls this as soon as the agent asks for the next batch: one that is not stored stays in flight.

        Until it is `settled`, Faust waits for it before it gives partitions away.
        """
        return bool(super().ack(message)) if _batch_in(message).stored else False

    def settle(self, batches: Sequence[RecordBatch]) -> None:
        """The batches are stored, or given up because their partitions move: nobody need wait for them any more."""
        for batch in batches:
            for message in self._messages_of(batch):
                if not self.ack(message):
                    self._unacked_messages.discard(message)

    def _messages_of(self, batch: RecordBatch) -> list[Message]:
        flights = [
            flight for (tp, _), flight in self._in_flight.items() if tp == (batch.topic, batch.partition)
        ]
        return [message for flight in flights for message in flight if _batch_in(message) is batch]

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Offsets between two batches' last ones are no gaps."""

    def _new_offset(self, tp: TP) -> int | None:
        """The offset to commit; Faust's own counting would step over what is not stored."""
        acked = self._acked[tp]
        if acked:
            self._acked_index[tp].difference_update(acked)
            acked.clear()
        return self._in_flight[tp, self.app.consumer_generation_id].next_offset()

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """And back to what is stored, where the group is beyond that. Returns where each partition goes on."""
        committed = dict(await super().seek_to_committed())
        points = await behind_the_group(self.reached, committed)
        if points:
            told = ", ".join(
                f"{tp.topic}/{tp.partition} at {offset}" for tp, offset in sorted(points.items())
            )
            log.warning(
                "the store has less than the group committed, as after a restore: going on from %s", told
            )
            await self.seek_wait(points)
        return {**committed, **points}

    async def lag(self, seconds: float) -> Mapping[TP, int]:
        """Records in Kafka behind what is committed, of each partition that this member has. Raises `TimeoutError`."""
        ends = await cast("BatchConsumerThread", self._thread).ends(seconds)
        return {
            tp: max(0, behind - max(first, self._committed_offset.get(tp) or 0))
            for tp, (first, behind) in ends.items()
        }

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        await super().on_partitions_revoked(revoked)
        self._in_flight.clear()

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        # Faust revokes everything before it assigns, and reads again from what was committed.
        self._in_flight.clear()
        await super().on_partitions_assigned(assigned, generation_id)


def _batch_in(message: Message) -> RecordBatch:
    return cast("RecordBatch", message.value)


class Transport(driver.Transport):
    """`bewithu://`: aiokafka's transport with `BatchConsumer`."""

    Consumer = BatchConsumer
