"""What another system reads of alerts: the topic's messages, decoded with the schema that they name."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import fastavro
from confluent_kafka import Consumer, KafkaException, TopicPartition

from bewithu.settings import Kafka, Registry
from schemas.alert_events import alert_events
from streams.registry import SchemaRegistry
from streams.topics import ensure_topics
from tests.parts.deadlines import wait_until

TOPIC = alert_events().topic


@dataclass(frozen=True)
class Read:
    """One message. `wire`: its value as it was sent."""

    key: str
    partition: int
    event: dict[str, Any]
    wire: bytes

    @property
    def id(self) -> str:
        return str(self.event["id"])


class AlertTopic:
    """All that came since it was opened."""

    def __init__(self, consumer: Any, registry: SchemaRegistry, begins: dict[int, int]) -> None:
        self._consumer = consumer
        self._registry = registry
        self._begins = begins
        self.messages: list[Read] = []

    @property
    def ids(self) -> list[str]:
        return [each.id for each in self.messages]

    def read(self) -> list[Read]:
        """All messages that there are by now."""
        count = sum(_ends(self._consumer).values()) - sum(self._begins.values())
        wait_until(lambda: self._take() or len(self.messages) >= count, 30, f"{count} alert events")
        return self.messages

    def _take(self) -> None:
        for message in self._consumer.consume(500, 0.2):
            assert message.error() is None, message.error()
            wire = message.value()
            event = self._decoded(wire)
            self.messages.append(Read(message.key().decode(), message.partition(), event, wire))

    def _decoded(self, wire: bytes) -> dict[str, Any]:
        magic, schema_id = struct.unpack(">BI", wire[:5])
        assert magic == 0
        schema = self._registry.schema(schema_id)
        assert schema is not None
        body = io.BytesIO(wire[5:])
        event: Any = fastavro.schemaless_reader(body, fastavro.parse_schema(json.loads(schema)), None)
        assert body.read() == b"", "bytes are left over"
        return dict(event)


@contextmanager
def alert_topic(bootstrap_servers: str, registry_url: str) -> Iterator[AlertTopic]:
    """Makes our topics where they are missing, and opens that of alerts at its end."""
    ensure_topics(Kafka(bootstrap_servers=bootstrap_servers), 30)
    options = {"bootstrap.servers": bootstrap_servers, "group.id": "a dispatch centre", "log_level": 0}
    registry = SchemaRegistry(Registry(url=registry_url))
    with closing(Consumer(options)) as consumer, closing(registry):
        begins = wait_until(lambda: _ends(consumer), 30, "the topic's partitions to have leaders")
        consumer.assign([TopicPartition(TOPIC, partition, begin) for partition, begin in begins.items()])
        yield AlertTopic(consumer, registry, begins)


def _ends(consumer: Any) -> dict[int, int]:
    """The next offset of each partition; none while a new topic has no leaders."""
    try:
        return {
            partition: consumer.get_watermark_offsets(TopicPartition(TOPIC, partition), timeout=10)[1]
            for partition in consumer.list_topics(TOPIC, timeout=10).topics[TOPIC].partitions
        }
    except KafkaException:
        return {}
