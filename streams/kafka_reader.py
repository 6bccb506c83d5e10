"""Reads single records again by their place, without a consumer group's offsets."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from bewithu.errors import Unavailable
from bewithu.settings import Kafka
from schemas.quarantine import Place
from streams.kafka_security import Complaints, librdkafka_options

_PATIENCE_SECONDS = 10.0
_GONE = frozenset(
    {
        KafkaError._AUTO_OFFSET_RESET,
        KafkaError.OFFSET_OUT_OF_RANGE,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError._UNKNOWN_PARTITION,
        KafkaError._UNKNOWN_TOPIC,
    }
)


class KafkaReader:
    """Raises `Unavailable` when no broker answers."""

    def __init__(self, kafka: Kafka, patience_seconds: float = _PATIENCE_SECONDS) -> None:
        self._kafka = kafka
        self._complaints = Complaints(kafka)
        self._patience = patience_seconds

    def values(self, places: Sequence[Place]) -> Mapping[Place, bytes | None]:
        """The values of records that Kafka still has; others are left out. A record may have the value None."""
        if not places:
            return {}
        consumer = self._consumer()
        try:
            known = consumer.list_topics(timeout=self._patience).topics
            found: dict[Place, bytes | None] = {}
            for topic_partition, these in groupby(
                sorted(places), key=lambda each: (each.topic, each.partition)
            ):
                topic, partition = topic_partition
                if topic in known and partition in known[topic].partitions:
                    found.update(self._values_of_partition(consumer, these))
            return found
        except KafkaException as error:
            cause = self._complaints.explained(f"{self._kafka.bootstrap_servers}: {error.args[0].str()}")
            raise Unavailable("Kafka", cause) from error
        finally:
            consumer.close()

    def _values_of_partition(
        self, consumer: Any, places: Iterable[Place]
    ) -> Iterable[tuple[Place, bytes | None]]:
        """In the order of offsets: where one is not there in time, no later one is."""
        for place in places:
            consumer.assign([TopicPartition(place.topic, place.partition, place.offset)])
            message = self._next(consumer)
            if message is None:
                return
            if message.error() is None and message.offset() == place.offset:
                yield place, message.value()

    def _next(self, consumer: Any) -> Any:
        """The next message or the error that says that there is none; None when nothing comes in time."""
        deadline = time.monotonic() + self._patience
        while (left := deadline - time.monotonic()) > 0:
            message = consumer.poll(min(left, 0.5))
            if message is None:
                continue
            if message.error() is None or message.error().code() in _GONE:
                return message
            # librdkafka tries others by itself; what stays wrong ends in the deadline.
        return None

    def _consumer(self) -> Any:
        return Consumer(
            {
                **librdkafka_options(self._kafka),
                "error_cb": self._complaints,
                # A client must name a group; nothing is ever committed to it.
                "group.id": "bewithu-quarantine-replay",
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                # Never another record than the one that was asked for.
                "auto.offset.reset": "error",
                # As the worker reads: a place that it refused is there for us, too.
                "isolation.level": "read_uncommitted",
                "queued.min.messages": 1,
                "log_level": 0,
            }
        )
