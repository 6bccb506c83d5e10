"""What the ingest needs of others, as Protocols: a store for events, and somebody who answers their agencies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from schemas.intake import BatchNote, Frame, LogFrame, Refusal
from schemas.offsets import Place
from schemas.quarantine import Earlier, Held, Span


class FactStore(Protocol):
    """Where events are kept. Every call raises `Unavailable` when the store does not answer."""

    def insert(self, frame: Frame | LogFrame) -> Sequence[tuple[int, int]]:
        """Stores the events that keep the contract's rules; returns partition and offset of those that do not.

        Raises `DataRefused` when the frame is damaged.
        """

    def earlier(self, spans: Sequence[Span]) -> Sequence[Earlier]:
        """What became of the records at these offsets when they came before, in the order of `spans`."""

    def mark_accepted(self, refusals: Sequence[Refusal], now: datetime) -> None:
        """These are in the facts since they came first, though they are refused now."""

    def quarantine(self, refusals: Sequence[Refusal]) -> None: ...

    def note(self, notes: Sequence[BatchNote]) -> None: ...


class Reached(Protocol):
    """How far each partition was stored: the offset behind its last stored record. Raises `Unavailable`."""

    def __call__(self) -> Mapping[Place, int]: ...


class Answers(Protocol):
    """Tells agencies what was refused. Raises `Unavailable` until every answer is safe."""

    def tell(self, refusals: Sequence[Refusal], before: Sequence[Held]) -> None:
        """`before`: records just taken that were refused earlier. Who is no longer refused is told so, too."""


class Silence:
    """Nobody is told: for benchmarks, and tests of the store alone."""

    def tell(self, refusals: Sequence[Refusal], before: Sequence[Held]) -> None: ...
