"""What the agencies published, as Kafka acknowledged it: the truth that everything is checked against."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

#: Topic, partition, offset.
Place = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that was handed to Kafka. `flaw` is empty for a sound one; only then `event` must be stored."""

    topic: str
    kind: str
    event: Mapping[str, Any]
    flaw: str = ""


class Ledger:
    """By place in Kafka, what is there. Written by the producer's callbacks, read by watcher and checks."""

    def __init__(self) -> None:
        self._sent: dict[Place, Sent] = {}
        self._lock = threading.Lock()
        self.failures: list[str] = []

    def note(self, place: Place, sent: Sent) -> None:
        with self._lock:
            self._sent[place] = sent

    def at(self, place: Place) -> Sent | None:
        return self._sent.get(place)

    def __len__(self) -> int:
        return len(self._sent)

    def items(self) -> Iterator[tuple[Place, Sent]]:
        with self._lock:
            return iter(tuple(self._sent.items()))

    def sound(self) -> list[Sent]:
        """Accepted messages, duplicates included."""
        return [sent for _, sent in self.items() if not sent.flaw]

    def flawed(self) -> dict[Place, Sent]:
        return {place: sent for place, sent in self.items() if sent.flaw}

    def kinds(self) -> Counter[str]:
        return Counter(sent.kind for _, sent in self.items())
