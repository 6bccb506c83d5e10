"""A Faust transport whose messages are batches: one message per partition and fetch, not one per record.

Faust spends tens of microseconds on every message. Here it keeps assignment, rebalancing and agents, and pays
that price once per batch. Registered as `faust.transports` entry point, so that `bewithu://host:port` finds it.

The transport owns acknowledgement. Faust acknowledges a message in a `finally`, even when its agent failed or was
cancelled; so an acknowledgement counts only once the batch says that it is stored, and offsets advance in the
order in which batches were delivered, per partition.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from typing import Any, cast

from aiokafka.consumer import fetcher
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.tuples import ConsumerMessage, Message

from streams.frames import KafkaRecord
from streams.intake import RecordBatch


class _PlainRecords(fetcher.PartitionRecords):  # type: ignore[misc] # aiokafka is untyped
    """Hands on the parser's own records: they have all that we use, and aiokafka's copies cost a tenth of all."""

    def _consumer_record(self, tp: object, record: KafkaRecord) -> KafkaRecord:
        return record


# There is no way to pass it in; this process consumes through this transport alone, and the version is pinned.
fetcher.PartitionRecords = _PlainRecords


class BatchConsumerThread(driver.AIOKafkaConsumerThread):
    """Fetches in a thread of its own and hands over whole batches."""

    async def getmany(self, active_partitions: set[TP] | None, timeout: float) -> Mapping[TP, list[Any]]:  # noqa: ASYNC109 - Faust's signature
        fetched = await super().getmany(active_partitions, timeout)
        return {
            tp: [RecordBatch(tp.topic, tp.partition, records)] for tp, records in fetched.items() if records
        }


class InFlight:
    """Batches of one partition that were delivered and not yet stored, oldest first."""

    def __init__(self) -> None:
        self._waiting: deque[RecordBatch] = deque()
        self._next_offset: int | None = None

    def delivered(self, batch: RecordBatch) -> None:
        self._waiting.append(batch)

    def next_offset(self) -> int | None:
        """The offset to commit: one past the last batch before which everything is stored; None for nothing new."""
        while self._waiting and self._waiting[0].stored:
            self._next_offset = self._waiting.popleft().records[-1].offset + 1
        return self._next_offset


class BatchConsumer(driver.Consumer):
    """Faust's aiokafka consumer, with batches for records and acknowledgement by what is stored."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # By generation too: what is delivered while partitions are handed over belongs to nobody afterwards.
        self._in_flight: dict[tuple[TP, int | None], InFlight] = defaultdict(InFlight)
        self._hand_on = self.callback
        self.callback = self._deliver

    def _new_consumer_thread(self) -> BatchConsumerThread:
        return BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)

    def _to_message(self, tp: TP, batch: Any) -> ConsumerMessage:
        if not isinstance(batch, RecordBatch):
            raise TypeError(f"expected a batch from the consumer thread, got {type(batch).__name__}")
        last: KafkaRecord = batch.records[-1]
        return ConsumerMessage(
            batch.topic,
            batch.partition,
            last.offset,
            last.timestamp / 1000,
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
        self._in_flight[message.tp, message.generation_id].delivered(_batch_in(message))
        await self._hand_on(message)

    def ack(self, message: Message) -> bool:
        """Faust calls this even for a failed or cancelled batch: such a one stays in flight."""
        if _batch_in(message).stored:
            return bool(super().ack(message))
        self._unacked_messages.discard(message)
        return False

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Offsets between two batches' last ones are no gaps."""

    def _new_offset(self, tp: TP) -> int | None:
        """The offset to commit; Faust's own counting would step over what is not stored."""
        acked = self._acked[tp]
        if acked:
            self._acked_index[tp].difference_update(acked)
            acked.clear()
        return self._in_flight[tp, self.app.consumer_generation_id].next_offset()

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
