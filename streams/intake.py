"""From Kafka's records to stored facts: the fast path, and what happens when something is wrong.

Record batches go into the store as they are, many in one log frame. Where that cannot be (several schemas in one
batch, damage) or does not pay (few records), records are read one by one and go into fenced frames
(streams/loose_records.py).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter

from bewithu.clock import Clock
from bewithu.errors import DataRefused
from schemas.intake import BatchNote, LogShape, Refusal
from schemas.quarantine import Earlier, Span
from streams.batches import RecordBatch, by_topic, joined
from streams.continuity import Continuity
from streams.frames import Run
from streams.log_frames import (
    FEW_RECORDS,
    OpenedBatch,
    build_log_frame,
    in_crumbs,
    in_frames,
    measurable,
    open_batch,
    schema_id,
)
from streams.loose_records import LooseRecords
from streams.no_collection import no_collection
from streams.ports import Answers, FactStore, Silence
from streams.record_batches import KafkaRecord, LogBatch, Unreadable
from streams.refusals import Place, explained, refusal, unexplained
from streams.writer_schemas import Unfit, WriterSchema, WriterSchemas

#: For so many takes after damage, record batches of that shape are read record by record at once.
_WARY_TAKES = 16


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of batches; records = accepted + refused, duplicates counted as accepted. `notes` as stored."""

    records: int
    refused: Sequence[Refusal]
    by_topic: Mapping[str, int] = field(default_factory=dict)
    notes: Sequence[BatchNote] = ()


@dataclass(slots=True)
class _Work:
    """Batches under way.

    `opened` has the record batches that may go as they are, by topic and shape; `loose` the records that are read
    one by one, by topic and partition; in those of `damaged` topics something is likely to be wrong. `frames` are
    the numbers of the frames stored, under each topic and partition that they hold records of.
    """

    known_at: datetime
    opened: dict[tuple[str, LogShape], list[OpenedBatch]] = field(default_factory=lambda: defaultdict(list))
    loose: dict[str, dict[int, list[KafkaRecord]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    damaged: set[str] = field(default_factory=set)
    frames: dict[tuple[str, int], list[int]] = field(default_factory=lambda: defaultdict(list))
    refusals: list[Refusal] = field(default_factory=list)

    def place(self, topic: str, partition: int) -> Place:
        return Place(topic, partition, self.known_at)


class Intake:
    """Stores batches. Synchronous: the caller gives it a thread, and repeats it after `Unavailable`.

    Of a topic and shape fewer than `few_records` are read one by one.
    """

    def __init__(
        self,
        store: FactStore,
        writers: WriterSchemas,
        clock: Clock,
        max_message_bytes: int,
        answers: Answers | None = None,
        few_records: int = FEW_RECORDS,
    ) -> None:
        self._store = store
        self._writers = writers
        self._clock = clock
        self._max_message_bytes = max_message_bytes
        self._loose = LooseRecords(store, writers, max_message_bytes)
        self._wary: Counter[tuple[str, LogShape]] = Counter()
        self._answers = answers or Silence()
        self._few_records = few_records
        self.continuity = Continuity()

    def take(self, *fetched: RecordBatch) -> Outcome:
        """Every record ends in the facts or in the quarantine; repeating it changes nothing (law 1)."""
        batches = joined(fetched)
        new = self.continuity.begin(batches)
        work = _Work(self._clock.now())
        with no_collection():
            counts = [self._sort(work, batch) for batch in batches]
            for (topic, shape), opened in work.opened.items():
                self._store_log(work, topic, shape, opened)
            for topic, partitions in work.loose.items():
                self._store_loose(work, topic, partitions)
        earlier = [Earlier() for _ in batches] if new else self._earlier(batches)
        notes = self._settle(work, batches, counts, earlier)
        self.continuity.end(batches)
        return Outcome(sum(counts), work.refusals, by_topic(batches, counts), notes)

    def set_aside(self, batch: RecordBatch, error: Exception) -> Outcome:
        """Quarantines the single record of `batch`, which cannot be taken for a reason that nobody thought of."""
        work = _Work(self._clock.now())
        (record,) = batch.records
        detail = f"{type(error).__name__} when it was stored: please report this"
        refused = unexplained(work.place(batch.topic, batch.partition), record, "refused_by_store", detail)
        self._store.quarantine([refused])
        note = _note(work, batch, 1, [refused], Earlier())
        self._store.note([note])
        return Outcome(1, [refused], {batch.topic: 1}, [note])

    def _settle(
        self,
        work: _Work,
        batches: Sequence[RecordBatch],
        counts: Sequence[int],
        earlier: Sequence[Earlier],
    ) -> Sequence[BatchNote]:
        """Facts are stored: sets aside what was refused, tells its agencies, and notes the batches as stored."""
        refused = _by_batch(batches, work.refusals)
        accepted = [
            each for found, mine in zip(earlier, refused, strict=True) for each in found.accepted(mine)
        ]
        if accepted:
            # Marked before it is set aside, so that no crash in between leaves it open.
            self._store.mark_accepted(accepted, work.known_at)
        self._store.quarantine(work.refusals)
        known = {(each.topic, each.partition, each.offset) for each in accepted}
        self._answers.tell(
            [each for each in work.refusals if (each.topic, each.partition, each.offset) not in known],
            [held for found in earlier for held in found.refused],
        )
        notes = [
            _note(work, batch, count, mine, found)
            for batch, count, mine, found in zip(batches, counts, refused, earlier, strict=True)
        ]
        self._store.note(notes)
        return notes

    def _earlier(self, batches: Sequence[RecordBatch]) -> list[Earlier]:
        spans = [
            Span(batch.topic, batch.partition, batch.first_offset, batch.last_offset) for batch in batches
        ]
        return [
            # A replay's records have gaps between them; what is in these is not theirs.
            found.of({record.offset for record in batch.records})
            if batch.records and found.refused
            else found
            for batch, found in zip(batches, self._store.earlier(spans), strict=True)
        ]

    def _sort(self, work: _Work, batch: RecordBatch) -> int:
        """Puts a batch's records where they belong, and counts them."""
        count = len(batch.records)
        if batch.records:
            work.loose[batch.topic][batch.partition] += batch.records
        for each in batch.log:
            try:
                opened = open_batch(batch.partition, each)
            except Unreadable:
                opened = None
            if opened is None:
                count += self._loosen(work, batch.topic, batch.partition, each)
            else:
                work.opened[batch.topic, opened.shape].append(opened)
                count += each.count
        return count

    def _loosen(
        self,
        work: _Work,
        topic: str,
        partition: int,
        batch: LogBatch,
        body: bytes | memoryview | None = None,
    ) -> int:
        """The records of a batch one by one. One that nobody can read is refused, offset by offset."""
        try:
            records = batch.records(body=body)
        except Unreadable as error:
            lost = batch.placeholders()
            place = work.place(topic, partition)
            work.refusals += [refusal(place, each, "unreadable_batch", str(error)) for each in lost]
            return len(lost)
        if records:
            work.loose[topic][partition] += records
        return len(records)

    def _store_log(self, work: _Work, topic: str, shape: LogShape, opened: Sequence[OpenedBatch]) -> None:
        writer = self._writers.find(topic, schema_id(shape.wire))
        wary = self._wary[topic, shape] > 0
        self._wary[topic, shape] -= wary
        if wary:
            work.damaged.add(topic)
        crumbs = in_crumbs(opened, self._few_records)
        if isinstance(writer, Unfit) or wary or crumbs or not measurable(writer.schema):
            for each in opened:
                self._loosen(work, topic, each.partition, each.batch, each.body)
            return
        for group in in_frames(opened):
            frame = build_log_frame(topic, writer.schema, group, work.known_at, self._max_message_bytes)
            try:
                broken = frozenset(self._store.insert(frame))
            except DataRefused:
                self._wary[topic, shape] = _WARY_TAKES
                work.damaged.add(topic)
                for each in group:
                    self._loosen(work, topic, each.partition, each.batch, each.body)
            else:
                for partition in {each.partition for each in group}:
                    work.frames[topic, partition].append(frame.number)
                work.refusals += _explanations(work, topic, writer, group, broken)

    def _store_loose(self, work: _Work, topic: str, partitions: Mapping[int, Sequence[KafkaRecord]]) -> None:
        runs = [
            Run(partition, sorted(records, key=attrgetter("offset")))
            for partition, records in partitions.items()
        ]
        done = self._loose.take(topic, work.known_at, runs, topic in work.damaged)
        for partition, frames in done.frames.items():
            work.frames[topic, partition] += frames
        work.refusals += done.refusals


def _explanations(
    work: _Work,
    topic: str,
    writer: WriterSchema,
    group: Sequence[OpenedBatch],
    broken: frozenset[tuple[int, int]],
) -> Iterator[Refusal]:
    """The refusals of the records at the places `broken`, which the store says break a rule."""
    offsets: dict[int, list[int]] = defaultdict(list)
    for partition, offset in sorted(broken):
        offsets[partition].append(offset)
    for opened in group:
        mine, batch = offsets[opened.partition], opened.batch
        only = mine[bisect_left(mine, batch.first_offset) : bisect_right(mine, batch.last_offset)]
        if only:
            place = work.place(topic, opened.partition)
            try:
                records = batch.records(frozenset(only), opened.body)
            except Unreadable as error:
                # The store reads no lengths of Kafka's behind the last event; one by one they may be wrong.
                lost = [each for each in batch.placeholders() if each.offset in only]
                yield from (refusal(place, each, "unreadable_batch", str(error)) for each in lost)
                continue
            for record in records:
                yield explained(place, writer, record)


def _by_batch(batches: Sequence[RecordBatch], refusals: Sequence[Refusal]) -> list[list[Refusal]]:
    """The refusals of each batch. Batches of a partition may overlap, as in a replay of some of its records."""
    places: dict[tuple[str, int], list[Refusal]] = defaultdict(list)
    for each in refusals:
        places[each.topic, each.partition].append(each)
    return [
        [
            each
            for each in places[batch.topic, batch.partition]
            if batch.first_offset <= each.offset <= batch.last_offset
        ]
        for batch in batches
    ]


def _note(
    work: _Work, batch: RecordBatch, count: int, refused: Sequence[Refusal], earlier: Earlier
) -> BatchNote:
    return BatchNote(
        frames=tuple(work.frames[batch.topic, batch.partition]),
        topic=batch.topic,
        partition=batch.partition,
        first_offset=batch.first_offset,
        last_offset=batch.last_offset,
        records=count,
        refused=len(refused),
        known_at=work.known_at,
        mended=earlier.mended({refusal.offset for refusal in refused}),
        kafka_time=batch.kafka_time,
    )
