"""What agencies publish with: the contract is checked, the event encoded, its delivery confirmed by the broker."""

from __future__ import annotations

import io
import struct
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import fastavro
from confluent_kafka import KafkaError, KafkaException, Producer

from bewithu.errors import BewithuError, Unavailable
from bewithu.settings import Kafka
from schemas.contracts import contracts, parsed_schema
from schemas.rules import Violation
from streams.frames import milliseconds
from streams.kafka_security import Complaints, librdkafka_options
from streams.registry import SchemaRegistry


class EventRefused(BewithuError):
    """The event breaks its contract and was not sent."""

    def __init__(self, topic: str, violations: Sequence[Violation]) -> None:
        self.violations = tuple(violations)
        super().__init__(f"not sent to {topic}: " + "; ".join(map(str, violations)))


class Publisher:
    """Publishes events keyed by person, idempotently and acknowledged by all replicas."""

    def __init__(self, kafka: Kafka, registry: SchemaRegistry, **options: Any) -> None:
        """Undelivered events are reported by `flush`; the producer goes on trying by itself."""
        self._registry = registry
        self._ids: dict[str, int] = {}
        self._failed: list[str] = []
        #: Messages handed to the producer, and those of them that the broker acknowledged.
        self.sent = 0
        self.delivered = 0
        self._complaints = Complaints(kafka)
        self._producer = self._started(
            {
                **librdkafka_options(kafka),
                "enable.idempotence": True,
                "acks": "all",
                "linger.ms": 20,
                "compression.type": "lz4",
                "message.max.bytes": 8 << 20,
                "queue.buffering.max.kbytes": 64 << 10,
                "log_level": 0,
                "error_cb": self._complaints,
                **options,
            }
        )

    def publish(self, topic: str, event: Mapping[str, Any], published_at: datetime) -> None:
        """Checks `event` against its contract and sends it. Raises `EventRefused` and sends nothing if it fails."""
        violations = contracts()[topic].check(event, published_at)
        if violations:
            raise EventRefused(topic, violations)
        key = str(event["person"] or event["event_id"]).encode()
        self.send(topic, key, self.encode(topic, event), published_at, str(event["agency"]))

    def encode(self, topic: str, event: Mapping[str, Any]) -> bytes:
        """The event in Confluent's wire format."""
        if topic not in self._ids:
            self._ids[topic] = self._registry.register(contracts()[topic])
        encoded = io.BytesIO()
        encoded.write(struct.pack(">xI", self._ids[topic]))
        fastavro.schemaless_writer(encoded, parsed_schema(topic), event)
        return encoded.getvalue()

    def send(
        self, topic: str, key: bytes | None, value: bytes | None, published_at: datetime, agency: str
    ) -> None:
        """Hands bytes to the producer as they are; waits while its buffer is full."""
        while True:
            try:
                self._producer.produce(
                    topic,
                    value=value,
                    key=key,
                    headers=[("agency", agency.encode())],
                    timestamp=milliseconds(published_at),
                    on_delivery=self._on_delivery,
                )
            except BufferError:
                self._producer.poll(0.1)
                if self._complaints.last_long:
                    raise Unavailable("Kafka", self._complaints.explained("takes no events")) from None
            else:
                self.sent += 1
                self._producer.poll(0)
                return

    def flush(self, seconds: float) -> None:
        """Waits until the broker has everything. Raises `Unavailable` when it has not, and says how much."""
        deadline = time.monotonic() + seconds
        left = self._producer.flush(min(seconds, 1))
        while left and time.monotonic() < deadline and not self._complaints.last_long:
            left = self._producer.flush(1)
        if left or self._failed:
            detail = f"{left + len(self._failed)} events are not delivered"
            reasons = ", ".join(sorted(set(self._failed))[:3])
            self._failed.clear()
            cause = self._complaints.explained(reasons)
            raise Unavailable("Kafka", f"{detail}: {cause}" if cause else detail)

    def close(self) -> None:
        """Gives the registry's connections back; what is not flushed is not sent."""
        self._registry.close()

    def _on_delivery(self, error: KafkaError | None, message: object) -> None:
        if error is None:
            self.delivered += 1
            self._complaints.clear()
        else:
            self._failed.append(error.str())

    @staticmethod
    def _started(options: Mapping[str, Any]) -> Producer:
        try:
            return Producer(dict(options))
        except KafkaException as error:
            # Files were read when the settings were; they may have changed since.
            raise Unavailable("Kafka", f"{options['bootstrap.servers']}: {error.args[0].str()}") from error
