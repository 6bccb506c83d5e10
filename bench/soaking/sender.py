"""Publishes a load at the pace of a pattern, as agencies publish, from a thread of its own."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime

from bench.soaking.load import Load, Sending
from bench.soaking.pattern import Pattern
from bench.soaking.tally import Tally
from bewithu.simulator import damaged
from streams.publisher import Publisher

_STEP_SECONDS = 0.05
_FLUSH_SECONDS = 60
#: Each day's false alarm is sent at the first hour and taken back at the second.
_FALSE_ALARM_HOUR, _WITHDRAWN_HOUR = 10.0, 16.0


class Sender:
    """`tally` has what was handed to the producer; after `stop` Kafka has all of it."""

    def __init__(self, publisher: Publisher, pattern: Pattern, seed: int) -> None:
        self.tally = Tally()
        self.false_alarms = 0
        self._publisher = publisher
        self._pattern = pattern
        self._load = Load(seed)
        self._chance = random.Random(seed)
        self._due = 0.0
        self._hour = 0.0
        self._ending = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def check(self) -> None:
        """Raises what ended the sending."""
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Takes back what is to be taken back; raises `Unavailable` unless the broker has everything."""
        self._ending.set()
        self._thread.join()
        self.check()
        self._send(self._load.withdrawn(datetime.now(UTC)))
        self._publisher.flush(_FLUSH_SECONDS)

    def _run(self) -> None:
        begun = last = time.monotonic()
        try:
            while not self._ending.wait(_STEP_SECONDS):
                now = time.monotonic()
                self._step(now - begun, now - last)
                last = now
        except BaseException as error:
            self._failure = error

    def _step(self, seconds: float, since: float) -> None:
        now = datetime.now(UTC)
        self._due += since * self._pattern.at(seconds)
        self._send(self._load.next(now) for _ in range(int(self._due)))
        self._due -= int(self._due)
        before, self._hour = self._hour, self._pattern.hour(seconds)
        if before < _FALSE_ALARM_HOUR <= self._hour:
            self._send(self._load.false_alarm(now))
            self.false_alarms += 1
        if before < _WITHDRAWN_HOUR <= self._hour:
            self._send(self._load.withdrawn(now))

    def _send(self, sendings: Iterable[Sending]) -> None:
        for sending in sendings:
            topic, event, damage = sending.message.topic, sending.message.event, sending.damage
            value = self._publisher.encode(topic, event)
            if damage is not None and damage.hits_bytes:
                value = damaged(value, damage, self._chance)
            key = str(event["person"] or event["event_id"]).encode()
            self._publisher.send(topic, key, value, datetime.now(UTC), str(event["agency"]))
            self._note(sending)

    def _note(self, sending: Sending) -> None:
        event = sending.message.event
        if sending.damage is not None:
            self.tally.refused += 1
        elif sending.again:
            self.tally.doubles += 1
        else:
            self.tally.note_sound(sending.message.topic, event["event_id"], event["revision"])
