"""Reads every step of every alert from the topic `bewithu.alerts.v1`, which keeps them for ever."""

from __future__ import annotations

import io
import json
import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import fastavro
from confluent_kafka import Consumer, KafkaException, TopicPartition

from bewithu.errors import Unavailable
from bewithu.settings import Kafka
from schemas.alert_events import alert_events, transition
from schemas.alerting import Transition
from streams.kafka_security import Complaints, librdkafka_options
from streams.registry import SchemaRegistry

_PATIENCE_SECONDS = 10.0
_AT_ONCE = 1_000


class AlertHistory:
    """Raises `Unavailable` while broker or schema registry is away."""

    def __init__(
        self, kafka: Kafka, registry: SchemaRegistry, patience_seconds: float = _PATIENCE_SECONDS
    ) -> None:
        self._kafka = kafka
        self._registry = registry
        self._patience = patience_seconds
        self._complaints = Complaints(kafka)
        self._writers: dict[int, Any] = {}
        self._reader = fastavro.parse_schema(dict(alert_events().schema))

    def read(self) -> Sequence[Transition]:
        """All steps that were published until now, each once, in the order of each alert."""
        try:
            with closing(self._consumer()) as consumer:
                found = [self._decoded(value) for value in self._values(consumer)]
        except KafkaException as error:
            cause = f"{self._kafka.bootstrap_servers}: {error.args[0].str()}"
            raise Unavailable("Kafka", self._complaints.explained(cause)) from error
        once = {each.id: each for each in reversed(found) if each is not None}
        return sorted(once.values(), key=lambda each: (each.rule, each.area, each.number))

    def _values(self, consumer: Any) -> Iterator[bytes]:
        topic = alert_events().topic
        known = consumer.list_topics(topic, timeout=self._patience).topics[topic]
        ends: dict[int, int] = {}
        for partition in known.partitions:
            low, high = consumer.get_watermark_offsets(
                TopicPartition(topic, partition), timeout=self._patience
            )
            if high > low:
                ends[partition] = high
        consumer.assign([TopicPartition(topic, partition, 0) for partition in ends])
        deadline = time.monotonic() + self._patience
        while ends:
            for message in consumer.consume(_AT_ONCE, 0.2):
                if message.error() is not None:
                    raise KafkaException(message.error())
                deadline = time.monotonic() + self._patience
                if message.value() is not None:
                    yield message.value()
                if message.offset() + 1 >= ends.get(message.partition(), 0):
                    ends.pop(message.partition(), None)
            if time.monotonic() > deadline:
                raise Unavailable("Kafka", f"{self._kafka.bootstrap_servers}: {topic} stopped in the middle")

    def _decoded(self, value: bytes) -> Transition | None:
        _, number = struct.unpack(">BI", value[:5])
        if number not in self._writers:
            text = self._registry.schema(number)
            if text is None:
                raise Unavailable("the schema registry", f"it does not know schema {number} of alert events")
            self._writers[number] = fastavro.parse_schema(json.loads(text))
        document: Any = fastavro.schemaless_reader(io.BytesIO(value[5:]), self._writers[number], self._reader)
        return transition(document)

    def _consumer(self) -> Any:
        return Consumer(
            {
                **librdkafka_options(self._kafka),
                "error_cb": self._complaints,
                # A client must name a group; nothing is ever committed to it.
                "group.id": "bewithu-alert-history",
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "earliest",
                "log_level": 0,
            }
        )
