"""Gives refused records to the ingest again, at their own place in Kafka and with their own time.

Nothing is published anew. So "not in the future" is judged as when the record was sent, a second replay changes
nothing, and what is refused again is refused for today's reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, Protocol

from bewithu.clock import Clock
from schemas.contracts import contracts
from schemas.quarantine import Held, HeldBytes, Place, Step
from streams.batches import RecordBatch
from streams.frames import milliseconds
from streams.intake import Intake
from streams.record_batches import KafkaRecord

_AT_ONCE = 500
#: A frame counts its rows from its first offset on, in four bytes.
_WIDEST = 1 << 30
_STAR = 0x2A


class Ledger(Protocol):
    """The quarantine's bytes and its log. Raises `Unavailable` when the store does not answer."""

    def bytes_at(self, places: Sequence[Place]) -> Mapping[Place, HeldBytes]: ...

    def write(self, steps: Sequence[Step]) -> None: ...


class Source(Protocol):
    """Kafka. Raises `Unavailable` when no broker answers."""

    def values(self, places: Sequence[Place]) -> Mapping[Place, bytes | None]:
        """The values of records that are still there; others are left out."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of one record. `unreadable`: its bytes are nowhere to be had whole; it stays as it is."""

    place: Place
    outcome: Literal["accepted", "refused", "unreadable"]
    reason: str
    detail: str


@dataclass(eq=False, slots=True)
class _Record:
    """What the ingest uses of a record."""

    offset: int
    timestamp: int
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


class Replay:
    """Every step of it can be repeated. `by` is who asks for it; a rehearsal keeps no log."""

    def __init__(
        self, intake: Intake, ledger: Ledger, source: Source, clock: Clock, by: str, rehearsal: bool = False
    ) -> None:
        self._intake = intake
        self._ledger = ledger
        self._source = source
        self._clock = clock
        self._by = by
        self._rehearsal = rehearsal

    def run(self, records: Sequence[Held]) -> Iterator[Replayed]:
        """What became of each record, batch after batch. Raises `Unavailable`; what was told until then stands."""
        for batch in _batches(records):
            done = self._take(batch)
            if not self._rehearsal:
                self._log(done)
            yield from done

    def _take(self, batch: Sequence[Held]) -> list[Replayed]:
        first = batch[0].place
        if first.topic not in contracts():
            detail = f"this version has no contract for the topic {first.topic}"
            return [Replayed(held.place, "unreadable", held.reason, detail) for held in batch]
        values, done = self._values(batch)
        whole = [held for held in batch if held.place in values]
        if whole:
            taken: list[KafkaRecord] = [_record(held, values[held.place]) for held in whole]
            outcome = self._intake.take(RecordBatch(first.topic, first.partition, taken))
            refused = {refusal.offset: refusal for refusal in outcome.refused}
            for held in whole:
                refusal = refused.get(held.place.offset)
                if refusal is None:
                    done.append(Replayed(held.place, "accepted", "", ""))
                else:
                    done.append(Replayed(held.place, "refused", refusal.reason, refusal.detail))
        return done

    def _values(self, batch: Sequence[Held]) -> tuple[dict[Place, bytes | None], list[Replayed]]:
        """The records' bytes as they were sent, and what became of those that have none any more."""
        kept = self._ledger.bytes_at([held.place for held in batch])
        values: dict[Place, bytes | None] = {
            place: held.raw for place, held in kept.items() if not held.altered
        }
        sought = [held for held in batch if held.place not in values]
        there = self._source.values([held.place for held in sought])
        lost = []
        for held in sought:
            if held.place not in there:
                lost.append(_lost(held, "Kafka no longer has it"))
            elif not _is_same(there[held.place] or b"", held, kept[held.place].raw):
                lost.append(_lost(held, "Kafka has another record there"))
            else:
                values[held.place] = there[held.place]
        return values, lost

    def _log(self, done: Sequence[Replayed]) -> None:
        """What was accepted, the store notes itself."""
        now = self._clock.now()
        self._ledger.write(
            [
                Step(each.place, each.outcome, now, self._by, f"still {each.reason}: {each.detail}")
                for each in done
                if each.outcome != "accepted"
            ]
        )


def _batches(records: Sequence[Held]) -> Iterator[Sequence[Held]]:
    """By partition, in the order of offsets, not too many and not too far apart."""
    in_order = sorted(records, key=lambda held: held.place)
    for _, group in groupby(in_order, key=lambda held: (held.place.topic, held.place.partition)):
        batch: list[Held] = []
        for held in group:
            if batch and (len(batch) == _AT_ONCE or held.place.offset - batch[0].place.offset >= _WIDEST):
                yield batch
                batch = []
            batch.append(held)
        yield batch


def _record(held: Held, value: bytes | None) -> _Record:
    """Its header is what the quarantine made of it: the agency's code, or nothing."""
    return _Record(
        held.place.offset, milliseconds(held.kafka_time), value, [("agency", held.agency.encode())]
    )


def _lost(held: Held, trouble: str) -> Replayed:
    detail = (
        f"the quarantine has its bytes masked or cut, and {trouble}: "
        f"ask {held.agency or 'its publisher'} to send it again, and drop it"
    )
    return Replayed(held.place, "unreadable", held.reason, detail)


def _is_same(value: bytes, held: Held, raw: bytes) -> bool:
    """Whether Kafka's bytes are those that were refused: a broker that was set up anew counts from 0 again."""
    if len(value) != held.raw_length:
        return False
    return all(kept in (sent, _STAR) for kept, sent in zip(raw, value, strict=False))
