"""From a batch of Kafka records to stored facts: the fast path, and what happens when something is wrong.

Everything is inserted as one frame per writer's schema. When the store finds a frame damaged, its events are
decoded one by one, the bad ones set aside, and the rest framed again; what still fails is found by halving.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from bewithu.clock import Clock
from bewithu.errors import DataRefused
from schemas.contracts import contracts
from schemas.intake import BatchNote, Frame, Refusal
from schemas.national_number import mask, mask_bytes
from schemas.quarantine import Earlier, Held
from streams.decoding import Damage, Event, agency_of, decode
from streams.frames import KafkaRecord, build_frame
from streams.writer_schemas import Unfit, WriterSchema, WriterSchemas

#: So much of a refused record is kept; `raw_length` tells of the rest, which Kafka still has.
_KEPT_BYTES = 1 << 16


class FactStore(Protocol):
    """Where events are kept. Every call raises `Unavailable` when the store does not answer."""

    def insert(self, frame: Frame) -> Sequence[int]:
        """Stores the events that keep the contract's rules; returns the offsets of those that do not.

        Raises `DataRefused` when the frame is damaged.
        """

    def earlier(self, topic: str, partition: int, first: int, last: int) -> Earlier:
        """What became of the records at these offsets when they came before."""

    def mark_accepted(self, refusals: Sequence[Refusal], now: datetime) -> None:
        """These are in the facts since they came first, though they are refused now."""

    def quarantine(self, refusals: Sequence[Refusal]) -> None: ...

    def note(self, note: BatchNote) -> None: ...


class Answers(Protocol):
    """Tells agencies what was refused. Raises `Unavailable` until every answer is safe."""

    def tell(self, refusals: Sequence[Refusal], before: Sequence[Held]) -> None:
        """`before`: records just taken that were refused earlier. Who is no longer refused is told so, too."""


class Silence:
    """Nobody is told: for benchmarks, and tests of the store alone."""

    def tell(self, refusals: Sequence[Refusal], before: Sequence[Held]) -> None: ...


@dataclass(eq=False, slots=True)
class RecordBatch:
    """Records of one partition in the order of their offsets, at least one. `stored` lets offsets advance."""

    topic: str
    partition: int
    records: Sequence[KafkaRecord]
    stored: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch; records = accepted + refused, duplicates counted as accepted."""

    records: int
    refused: Sequence[Refusal]


@dataclass(slots=True)
class _Work:
    """One batch under way."""

    batch: RecordBatch
    known_at: datetime
    refusals: list[Refusal] = field(default_factory=list)
    frames: list[int] = field(default_factory=list)


class Intake:
    """Stores batches. Synchronous: the caller gives it a thread, and repeats it after `Unavailable`."""

    def __init__(
        self,
        store: FactStore,
        writers: WriterSchemas,
        clock: Clock,
        max_message_bytes: int,
        answers: Answers | None = None,
    ) -> None:
        self._store = store
        self._writers = writers
        self._clock = clock
        self._max_message_bytes = max_message_bytes
        self._answers = answers or Silence()

    def take(self, batch: RecordBatch) -> Outcome:
        """Every record ends in the facts or in the quarantine; repeating it changes nothing (law 1)."""
        work = _Work(batch, self._clock.now())
        for writer, records in self._sort(work):
            self._insert(work, writer, records)
        earlier = self._earlier(batch)
        accepted = earlier.accepted(work.refusals)
        if accepted:
            # Marked before it is set aside, so that no crash in between leaves it open.
            self._store.mark_accepted(accepted, work.known_at)
        self._store.quarantine(work.refusals)
        self._answers.tell([each for each in work.refusals if each not in accepted], earlier.refused)
        self._store.note(_note(work, earlier))
        return Outcome(len(batch.records), work.refusals)

    def _earlier(self, batch: RecordBatch) -> Earlier:
        records = batch.records
        found = self._store.earlier(batch.topic, batch.partition, records[0].offset, records[-1].offset)
        if not found.refused:
            return found
        return found.of({record.offset for record in records})

    def _sort(self, work: _Work) -> Iterator[tuple[WriterSchema, Sequence[KafkaRecord]]]:
        """The records by writer's schema; what has none is refused."""
        groups: dict[bytes, list[KafkaRecord]] = {}
        longest = self._max_message_bytes
        for record in work.batch.records:
            value = record.value
            if not value or value[0] != 0 or len(value) < 6 or len(value) > longest:
                self._refuse(work, record, *_misshapen(value, longest))
            else:
                groups.setdefault(value[:5], []).append(record)
        for prefix, records in groups.items():
            writer = self._writers.find(work.batch.topic, struct.unpack(">xI", prefix)[0])
            if isinstance(writer, Unfit):
                for record in records:
                    self._refuse(work, record, writer.reason, writer.detail)
            else:
                yield writer, records

    def _insert(self, work: _Work, writer: WriterSchema, records: Sequence[KafkaRecord]) -> None:
        try:
            self._insert_frame(work, writer, records)
        except DataRefused:
            sound = self._set_damaged_aside(work, writer, records)
            self._insert_by_halves(work, writer, sound)

    def _insert_frame(self, work: _Work, writer: WriterSchema, records: Sequence[KafkaRecord]) -> None:
        frame = build_frame(work.batch.topic, work.batch.partition, writer.header, records, work.known_at)
        broken = frozenset(self._store.insert(frame))
        work.frames.append(frame.number)
        if broken:
            for record in records:
                if record.offset in broken:
                    work.refusals.append(_explained(work, writer, record))

    def _set_damaged_aside(
        self, work: _Work, writer: WriterSchema, records: Sequence[KafkaRecord]
    ) -> list[KafkaRecord]:
        sound = []
        for record in records:
            assert record.value is not None
            decoded = decode(record.value, writer)
            if isinstance(decoded, Damage):
                self._refuse(work, record, decoded.reason, decoded.detail)
            else:
                sound.append(record)
        return sound

    def _insert_by_halves(self, work: _Work, writer: WriterSchema, records: Sequence[KafkaRecord]) -> None:
        if not records:
            return
        try:
            self._insert_frame(work, writer, records)
        except DataRefused as error:
            if len(records) == 1:
                work.refusals.append(_refused_by_store(work, writer, records[0], error))
                return
            middle = len(records) // 2
            self._insert_by_halves(work, writer, records[:middle])
            self._insert_by_halves(work, writer, records[middle:])

    def _refuse(self, work: _Work, record: KafkaRecord, reason: str, detail: str) -> None:
        work.refusals.append(_refusal(work, record, reason, detail))


def _misshapen(value: bytes | None, longest: int) -> tuple[str, str]:
    if not value:
        return "empty", "the message has no value"
    if len(value) > longest:
        return "too_large", f"{len(value)} bytes, expected at most {longest}"
    if value[0] != 0:
        return "wrong_magic", f"starts with {value[:5].hex()}, expected 00 and a schema id in four bytes"
    return "truncated", f"only {len(value)} bytes, expected a schema id and an event"


def _explained(work: _Work, writer: WriterSchema, record: KafkaRecord) -> Refusal:
    """The refusal of an event that breaks a rule, in words."""
    assert record.value is not None
    event = decode(record.value, writer)
    if isinstance(event, Damage):
        return _refusal(work, record, event.reason, event.detail)
    published_at = min(_moment(record.timestamp) or work.known_at, work.known_at)
    violations = contracts()[work.batch.topic].check(event, published_at)
    if not violations:
        detail = "the store found a broken rule that the contract's check does not see: please report this"
        return _refusal(work, record, "rule_broken", detail, "", event)
    first = violations[0]
    return _refusal(work, record, first.reason, mask("; ".join(map(str, violations))), first.field, event)


def _refused_by_store(work: _Work, writer: WriterSchema, record: KafkaRecord, error: DataRefused) -> Refusal:
    """The refusal of an event that nothing is wrong with but that the store does not take."""
    assert record.value is not None
    event = decode(record.value, writer)
    known = None if isinstance(event, Damage) else event
    return _refusal(work, record, "refused_by_store", mask(str(error))[:200], "", known)


def _refusal(
    work: _Work, record: KafkaRecord, reason: str, detail: str, field: str = "", event: Event | None = None
) -> Refusal:
    raw = record.value or b""
    # Masked before it is cut, so that no half of a number stays.
    kept = mask_bytes(raw[: _KEPT_BYTES + 64])[:_KEPT_BYTES]
    return Refusal(
        topic=work.batch.topic,
        partition=work.batch.partition,
        offset=record.offset,
        agency=agency_of(record, event),
        event_id=str(event["event_id"]) if event else None,
        reason=reason,
        field=field,
        detail=detail,
        raw=kept,
        raw_length=len(raw),
        kafka_time=_moment(record.timestamp) or work.known_at,
        known_at=work.known_at,
        raw_altered=kept != raw,
    )


def _note(work: _Work, earlier: Earlier) -> BatchNote:
    records = work.batch.records
    return BatchNote(
        frames=tuple(work.frames),
        topic=work.batch.topic,
        partition=work.batch.partition,
        first_offset=records[0].offset,
        last_offset=records[-1].offset,
        records=len(records),
        refused=len(work.refusals),
        known_at=work.known_at,
        mended=earlier.mended({refusal.offset for refusal in work.refusals}),
    )


def _moment(timestamp: int) -> datetime | None:
    """A moment of Kafka's, None where it has none or none that a calendar knows."""
    try:
        return datetime.fromtimestamp(timestamp / 1000, UTC) if timestamp > 0 else None
    except (OverflowError, ValueError):
        return None
