"""Where the workers' group stands in Kafka, and setting it back."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from bewithu.errors import GroupBusy, Unavailable
from bewithu.settings import Kafka
from schemas.offsets import InKafka, Place, Range
from streams.kafka_ends import our_partitions
from streams.kafka_security import Complaints, librdkafka_options
from streams.standing import Standing

_PATIENCE_SECONDS = 10.0
#: Holes that are looked into; each costs a fetch.
_MOST_LOOKS = 1_000
_BUSY = frozenset({"NON_EMPTY_GROUP", "UNKNOWN_MEMBER_ID", "REBALANCE_IN_PROGRESS"})


class GroupOffsets:
    """Raises `Unavailable` when no broker answers."""

    def __init__(self, kafka: Kafka, patience_seconds: float = _PATIENCE_SECONDS) -> None:
        self._kafka = kafka
        self._patience = patience_seconds
        self._complaints = Complaints(kafka)

    def in_kafka(self) -> Mapping[Place, InKafka]:
        """Every partition of our topics that there is."""
        with self._consumer() as consumer:
            places = our_partitions(consumer, self._patience)
            committed = consumer.committed(places, timeout=self._patience) if places else []
            return {(each.topic, each.partition): self._partition(consumer, each) for each in committed}

    def looked_into(self, standings: Sequence[Standing]) -> Sequence[Standing]:
        """Without missing offsets at which Kafka has no record: marks of transactions, or what compaction took."""
        looks = iter(range(_MOST_LOOKS))
        with self._consumer() as consumer:
            return [
                replace(each, missing=tuple(self._with_records(consumer, each, looks)))
                if each.missing
                else each
                for each in standings
            ]

    def set_back(self, points: Mapping[Place, int]) -> None:
        """The group goes on there. Raises `GroupBusy` while a worker of the group runs."""
        offsets = [TopicPartition(topic, partition, offset) for (topic, partition), offset in points.items()]
        asked = ConsumerGroupTopicPartitions(self._kafka.group, offsets)
        with self._explained():
            admin = AdminClient(
                librdkafka_options(self._kafka) | {"error_cb": self._complaints, "log_level": 0}
            )
            for done in admin.alter_consumer_group_offsets([asked], request_timeout=self._patience).values():
                for each in done.result().topic_partitions:
                    if each.error is not None:
                        raise KafkaException(each.error)

    def _partition(self, consumer: Any, place: TopicPartition) -> InKafka:
        low, high = consumer.get_watermark_offsets(place, timeout=self._patience)
        return InKafka(low, high, place.offset if place.offset >= 0 else None)

    def _with_records(self, consumer: Any, standing: Standing, looks: Iterator[int]) -> Iterator[Range]:
        """Where too many are open, the rest counts as missing: to read them again does no harm."""
        for each in standing.missing:
            # What lies behind all that was stored was committed for a record.
            behind_all = each.behind > standing.store.reached
            if behind_all or next(looks, None) is None or self._has_record(consumer, standing.place, each):
                yield each

    def _has_record(self, consumer: Any, place: Place, wanted: Range) -> bool:
        topic, partition = place
        consumer.assign([TopicPartition(topic, partition, wanted.first)])
        _, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=self._patience)
        if high <= wanted.first:
            return False
        deadline = time.monotonic() + self._patience
        while time.monotonic() < deadline:
            message = consumer.poll(0.05)
            if message is None or message.error() is not None:
                # At the end of the partition there is nothing but marks.
                (position,) = consumer.position([TopicPartition(topic, partition)])
                if position.offset >= wanted.behind:
                    return False
                continue
            return bool(message.offset() < wanted.behind)
        raise Unavailable("Kafka", f"{self._kafka.bootstrap_servers}: no record of {topic}/{partition} came")

    @contextmanager
    def _consumer(self) -> Iterator[Any]:
        with self._explained():
            consumer = Consumer(
                {
                    **librdkafka_options(self._kafka),
                    "error_cb": self._complaints,
                    # Asks what this group committed, and never joins it.
                    "group.id": self._kafka.group,
                    "enable.auto.commit": False,
                    "enable.auto.offset.store": False,
                    "auto.offset.reset": "earliest",
                    "isolation.level": "read_uncommitted",
                    "enable.partition.eof": True,
                    "queued.min.messages": 1,
                    "fetch.wait.max.ms": 50,
                    "log_level": 0,
                }
            )
            try:
                yield consumer
            finally:
                consumer.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except KafkaException as error:
            cause = error.args[0]
            if cause.name() in _BUSY:
                raise GroupBusy(
                    f"workers of the group {self._kafka.group} run: stop all of them, then ask again"
                ) from error
            text = f"{self._kafka.bootstrap_servers}: {cause.str()}"
            raise Unavailable("Kafka", self._complaints.explained(text)) from error
