"""Publishes on a topic of our own: Avro records by key, each confirmed by the broker or told not to be."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import fastavro
from confluent_kafka import KafkaError, KafkaException, Producer

from bewithu.settings import Kafka
from schemas.contracts import Contract
from streams.kafka_security import Complaints, librdkafka_options
from streams.registry import SchemaRegistry

#: Seconds until a message that the broker does not take is given up.
PATIENCE_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Sent:
    """Which keys the broker confirmed, how many it did not, and why not."""

    confirmed: frozenset[str]
    missing: int = 0
    trouble: str = ""


class OutwardTopic:
    """One topic with its contract. The producer is made on first use, and anew after a failure."""

    def __init__(
        self,
        kafka: Kafka,
        registry: SchemaRegistry,
        contract: Contract,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._kafka = kafka
        self._complaints = Complaints(kafka)
        self._registry = registry
        self._contract = contract
        self._schema = fastavro.parse_schema(dict(contract.schema))
        self._patience = patience_seconds
        self._producer: Any = None
        self._prefix = b""

    def send(self, records: Mapping[str, Mapping[str, Any] | None]) -> Sent:
        """Sends one record for each key (None takes what it had back) and waits for the broker's word on each.

        Raises `Unavailable` when the schema cannot be registered.
        """
        if self._producer is None:
            self._prefix = struct.pack(">xI", self._registry.register(self._contract))
            self._producer = _producer(self._kafka, self._complaints, self._patience)
        encoded = ((key, self._encoded(record)) for key, record in records.items())
        confirmed, reasons = self._deliver(encoded)
        missing = len(records) - len(confirmed)
        if not missing:
            self._complaints.clear()
            return Sent(confirmed)
        self._give_up()
        why = ", ".join(sorted(reasons)) or "no answer"
        cause = self._complaints.explained(f"{self._kafka.bootstrap_servers}: {why}")
        return Sent(confirmed, missing, cause)

    def _deliver(self, records: Iterable[tuple[str, bytes | None]]) -> tuple[frozenset[str], set[str]]:
        confirmed: set[str] = set()
        reasons: set[str] = set()

        def delivered(error: KafkaError | None, message: Any) -> None:
            if error is None:
                confirmed.add(message.key().decode())
            else:
                reasons.add(error.str())

        try:
            for key, record in records:
                self._produce(key.encode(), record, delivered)
            # The producer gives every message up after the same patience, so this ends with a verdict on each.
            self._producer.flush(self._patience + 5)
        except KafkaException as error:
            reasons.add(error.args[0].str())
        return frozenset(confirmed), reasons

    def _produce(self, key: bytes, record: bytes | None, delivered: Any) -> None:
        while True:
            try:
                self._producer.produce(self._contract.topic, key=key, value=record, on_delivery=delivered)
                return
            except BufferError:
                self._producer.poll(0.1)

    def _encoded(self, record: Mapping[str, Any] | None) -> bytes | None:
        if record is None:
            return None
        encoded = io.BytesIO()
        encoded.write(self._prefix)
        fastavro.schemaless_writer(encoded, self._schema, record)
        return encoded.getvalue()

    def _give_up(self) -> None:
        """What still waits would come behind the next try's newer records; a new producer starts clean."""
        self._producer.purge()
        self._producer.flush(0)
        self._producer = None


def _producer(kafka: Kafka, complaints: Complaints, patience_seconds: float) -> Any:
    return Producer(
        {
            **librdkafka_options(kafka),
            "enable.idempotence": True,
            "acks": "all",
            "linger.ms": 5,
            "compression.type": "lz4",
            "message.timeout.ms": round(patience_seconds * 1000),
            "log_level": 0,
            "error_cb": complaints,
        }
    )
