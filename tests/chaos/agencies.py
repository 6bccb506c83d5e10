"""Agencies that publish without a pause: new events, corrections, cancellations, doubles, late and broken ones."""

from __future__ import annotations

import io
import random
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import fastavro
from confluent_kafka import KafkaError, Message, Producer

from bewithu.simulator.damage import impossible_number
from schemas.contracts import parsed_schema
from tests import events
from tests.chaos.ledger import Ledger, Sent

#: Today's codes, valid on every day that events happen on.
PLACES = ("62063", "44021", "11002", "21004", "92094", "52011")
PERSONS = 600
#: So long ago an event may have happened when it is on time.
DAYS = 12

#: Weights of what is published next.
KINDS = {"new": 60, "late": 6, "correction": 10, "cancellation": 4, "duplicate": 10, "broken": 10}
#: The reason that the quarantine must give for each flaw.
FLAWS: Mapping[str, str] = {
    "cut short": "truncated",
    "overlong": "overlong",
    "unknown schema": "unknown_schema",
    "empty": "empty",
    "wrong magic": "wrong_magic",
    "too large": "too_large",
    "unknown place": "unknown_municipality",
    "in the future": "in_future",
    "national number": "national_number",
}
TOO_LARGE = 66_000


@dataclass(slots=True)
class _Story:
    """One event: the message last sent of it, and that message's revision."""

    message: events.Message
    revision: int = 0


class Agencies:
    """Publishes from a thread of its own until `stop`; `ledger` has what Kafka acknowledged."""

    def __init__(
        self, bootstrap: str, schema_id: Callable[[str], int], ledger: Ledger, seed: int, per_second: float
    ) -> None:
        self._chance = random.Random(seed)
        self._schema_id = schema_id
        self._ledger = ledger
        self._pause = 1 / per_second
        self._stories: list[_Story] = []
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._publish, name="agencies", daemon=True)
        self.secrets: list[str] = []
        self.sent = 0
        self.delivered = 0
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "enable.idempotence": True,
                "acks": "all",
                "linger.ms": 20,
                "reconnect.backoff.max.ms": 500,
                "log_level": 0,
                "error_cb": lambda error: None,
            }
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float = 60) -> None:
        """Ends publishing; returns when Kafka has everything. Raises AssertionError when it has not."""
        self._ending.set()
        self._thread.join(seconds)
        left = self._producer.flush(seconds)
        assert not left, f"{left} events were not delivered"
        assert not self._ledger.failures, self._ledger.failures[:3]
        assert self.delivered == self.sent

    def _publish(self) -> None:
        begun = time.monotonic()
        while not self._ending.is_set():
            due = int((time.monotonic() - begun) / self._pause)
            for _ in range(self.sent, due):
                self._send_next()
            self._producer.poll(0)
            self._ending.wait(0.05)

    def _send_next(self) -> None:
        kind = self._chance.choices(list(KINDS), list(KINDS.values()))[0]
        if kind not in ("new", "late") and not self._stories:
            kind = "new"
        match kind:
            case "new" | "late":
                message = self._new(late=kind == "late")
                self._stories.append(_Story(message))
            case "correction" | "cancellation":
                message = self._revised(cancelled=kind == "cancellation")
            case "duplicate":
                message = self._chance.choice(self._stories).message
            case _:
                self._send_broken()
                return
        self._send(Sent(message.topic, kind, message.event), self._encoded(message))

    def _new(self, late: bool) -> events.Message:
        chance = self._chance
        days = chance.randint(30, 150) if late else chance.randint(0, DAYS)
        moment = datetime.now(UTC) - timedelta(days=days, seconds=chance.randint(60, 80_000))
        maker = chance.choice((events.registration, events.benefit_grant, events.housing_change))
        statuses = {
            events.registration: ("certified", "declared", "struck_off"),
            events.benefit_grant: ("granted", "changed", "ended"),
            events.housing_change: ("moved_in", "moved_in", "moved_out"),
        }
        return maker(
            events.person(chance.randrange(PERSONS)),
            moment.replace(microsecond=moment.microsecond // 1000 * 1000),
            chance.choice(statuses[maker]),
            event_id=UUID(int=chance.getrandbits(128), version=4),
            municipality=chance.choice(PLACES),
            sex=chance.choice(("female", "male")),
            age_group=chance.choice(("a00_05", "a18_34", "a65_plus")),
        )

    def _revised(self, cancelled: bool) -> events.Message:
        """A higher revision of an event, which moves it elsewhere; it may take back a cancellation."""
        story = self._chance.choice(self._stories)
        story.revision += 1
        story.message = story.message.changed(
            revision=story.revision, cancelled=cancelled, municipality=self._chance.choice(PLACES)
        )
        return story.message

    def _send_broken(self) -> None:
        flaw = self._chance.choice(tuple(FLAWS))
        # An id of its own: what is refused leaves no trace in the facts.
        message = self._new(late=False)
        self._send(Sent(message.topic, "broken", message.event, flaw), self._broken(message, flaw))

    def _broken(self, message: events.Message, flaw: str) -> bytes | None:
        chance = self._chance
        match flaw:
            case "unknown place":
                return self._encoded(message.changed(municipality="99999"))
            case "in the future":
                tomorrow = datetime.now(UTC) + timedelta(days=2)
                return self._encoded(message.changed(occurred_at=tomorrow, recorded_at=tomorrow))
            case "national number":
                self.secrets.append(impossible_number(chance))
                return self._encoded(message.changed(household=self.secrets[-1]))
        value = self._encoded(message)
        match flaw:
            case "cut short":
                return value[: -chance.randint(1, 40)]
            case "overlong":
                return value + chance.randbytes(chance.randint(1, 40))
            case "unknown schema":
                return b"\0\x7f\xff\xff\xff" + value[5:]
            case "wrong magic":
                return b"\x01" + value[1:]
            case "too large":
                return value + bytes(TOO_LARGE)
        return None

    def _encoded(self, message: events.Message) -> bytes:
        value = io.BytesIO()
        value.write(struct.pack(">xI", self._schema_id(message.topic)))
        fastavro.schemaless_writer(value, parsed_schema(message.topic), dict(message.event))
        return value.getvalue()

    def _send(self, sent: Sent, value: bytes | None) -> None:
        self.sent += 1

        def delivered(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                self._ledger.failures.append(error.str())
                return
            partition, offset = message.partition(), message.offset()
            assert partition is not None
            assert offset is not None
            self._ledger.note((sent.topic, partition, offset), sent)
            self.delivered += 1

        self._producer.produce(
            sent.topic,
            value=value,
            key=str(sent.event["person"]).encode(),
            headers=[("agency", b"dvz")],
            on_delivery=delivered,
        )


def schema_ids(registered: Mapping[str, int]) -> Callable[[str], int]:
    """The id of a topic's schema, from what the registry has."""
    return lambda topic: registered[topic]


def as_oracle_event(sent: Sent) -> tuple[str, Mapping[str, Any]]:
    """(event type, event), as the oracle takes them."""
    return sent.topic.split(".")[1], sent.event
