"""Answers agencies on `bewithu.rejections.v1`, before a batch counts as stored.

The topic is compacted, so an answer that is sent again changes nothing; it is acknowledged by the broker before
`tell` returns, so none is lost. A batch of answers costs one round trip.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import fastavro
from confluent_kafka import KafkaError, KafkaException, Producer

from bewithu.errors import Unavailable
from bewithu.settings import Kafka
from schemas.intake import Refusal
from schemas.quarantine import Held
from schemas.rejections import answers, held, parsed_rejection, rejections, value
from streams.kafka_security import Complaints, librdkafka_options
from streams.registry import SchemaRegistry

_PATIENCE_SECONDS = 15.0


class Standing(Protocol):
    """All open or dropped records of these events. Raises `Unavailable` when the store does not answer."""

    def __call__(self, event_ids: Sequence[str]) -> Sequence[Held]: ...


class Rejections:
    """The `Answers` of the ingest (streams/ports.py)."""

    def __init__(
        self,
        kafka: Kafka,
        registry: SchemaRegistry,
        standing: Standing,
        patience_seconds: float = _PATIENCE_SECONDS,
    ) -> None:
        self._kafka = kafka
        self._complaints = Complaints(kafka)
        self._registry = registry
        self._standing = standing
        self._patience = patience_seconds
        self._producer: Any = None
        self._prefix = b""

    def tell(self, refusals: Sequence[Refusal], before: Sequence[Held]) -> None:
        """Answers about records just taken; `before` are those of them that were refused earlier already."""
        refused = {record.place: record for record in map(held, refusals)}
        earlier = {record.place: record for record in before}
        now = [_with_state(record, earlier.get(place)) for place, record in refused.items()]
        self.send(answers(now, before, self._others(now, before)))

    def dropped(self, records: Sequence[Held]) -> None:
        """Says of each record that it will not be tried again. `records` are in the state `dropped`."""
        self.send(answers(records, (), self._others(records, records)))

    def send(self, told: Mapping[str, Held | None]) -> None:
        """Raises `Unavailable` unless the broker has acknowledged every answer."""
        if not told:
            return
        if self._producer is None:
            self._prefix = struct.pack(">xI", self._registry.register(rejections()))
            self._producer = _producer(self._kafka, self._complaints, self._patience)
        failed: list[str] = []

        def delivered(error: KafkaError | None, _message: object) -> None:
            if error is not None:
                failed.append(error.str())

        try:
            for mine, record in told.items():
                self._produce(mine.encode(), self._encoded(record), delivered)
            # The producer gives every message up after the same patience, so this ends with a verdict on each.
            left = self._producer.flush(self._patience + 5)
        except KafkaException as error:
            left, failed = len(told), [error.args[0].str()]
        if left or failed:
            self._give_up()
            reasons = ", ".join(sorted(set(failed))) or "no answer"
            cause = self._complaints.explained(f"{self._kafka.bootstrap_servers}: {reasons}")
            raise Unavailable("Kafka", f"{left + len(failed)} rejections are not told: {cause}")

    def _others(self, now: Sequence[Held], before: Sequence[Held]) -> list[Held]:
        """Other records of the same events, whose answer may be the one that is left; not for what is new."""
        if not before:
            return []
        taken = {record.place for record in [*now, *before]}
        events = sorted({record.event_id for record in [*now, *before] if record.event_id})
        return [other for other in self._standing(events) if other.place not in taken]

    def _produce(self, mine: bytes, encoded: bytes | None, delivered: Any) -> None:
        while True:
            try:
                self._producer.produce(rejections().topic, key=mine, value=encoded, on_delivery=delivered)
                return
            except BufferError:
                self._producer.poll(0.1)

    def _encoded(self, record: Held | None) -> bytes | None:
        if record is None:
            return None
        encoded = io.BytesIO()
        encoded.write(self._prefix)
        fastavro.schemaless_writer(encoded, parsed_rejection(), value(record))
        return encoded.getvalue()

    def _give_up(self) -> None:
        """What still waits would come behind the next try's newer answers; a new producer starts clean."""
        self._producer.purge()
        self._producer.flush(0)
        self._producer = None


def _with_state(record: Held, earlier: Held | None) -> Held:
    """Refused again: what was decided about it stands."""
    if earlier is None or earlier.state == "open":
        return record
    return replace(record, state=earlier.state, why=earlier.why)


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
