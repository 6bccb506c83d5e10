"""Records that go into fenced frames: where they are few, where several schemas meet, and where something is wrong.

Those of a topic are inserted as one frame per writer's schema, whatever their partitions. When the store finds a
frame damaged, its events are looked at one by one, the bad ones set aside, and the rest framed again; what still
fails is found by halving.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bewithu.errors import DataRefused
from schemas.frames import PREFIX
from schemas.intake import Frame, Refusal
from streams.decoding import Damage, decode, is_whole
from streams.frames import Run, build_frame
from streams.log_frames import schema_id
from streams.record_batches import KafkaRecord
from streams.refusals import Place, explained, misshapen, refusal, refused_by_store
from streams.writer_schemas import Unfit, WriterSchema, WriterSchemas

#: So many bytes of values in one frame at most, unless a single run has more: a frame is in memory.
_MOST_BYTES = 32 << 20


class FrameStore(Protocol):
    """The part of a `FactStore` that is needed here."""

    def insert(self, frame: Frame) -> Sequence[tuple[int, int]]:
        """As in streams/ports.py."""


@dataclass(slots=True)
class Done:
    """What became of records: for each partition the numbers of the frames that hold some of it; what was refused."""

    frames: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    refusals: list[Refusal] = field(default_factory=list)


class LooseRecords:
    """Stores records that were read one by one."""

    def __init__(self, store: FrameStore, writers: WriterSchemas, longest: int) -> None:
        self._store = store
        self._writers = writers
        self._longest = longest

    def take(self, topic: str, known_at: datetime, runs: Sequence[Run], damaged: bool = False) -> Done:
        """All records are in a frame that is stored, or among the refusals. Raises `Unavailable`.

        `runs` are those of `topic`, one for each partition. Where some records are known to be `damaged`, they are
        looked for at once.
        """
        done = Done()
        groups = list(self._by_writer(topic, known_at, runs, done))
        # What is no event at all explains the damage; if there is more of it, the frame will say so.
        unexplained = damaged and not done.refusals
        for writer, mine in groups:
            for some in _in_frames(mine):
                _Storing(self._store, topic, known_at, writer, done).insert(some, unexplained)
        return done

    def _by_writer(
        self, topic: str, known_at: datetime, runs: Sequence[Run], done: Done
    ) -> Iterator[tuple[WriterSchema, Sequence[Run]]]:
        """The records by writer's schema; what has none is refused."""
        groups: dict[bytes, list[Run]] = {}
        for run in runs:
            place = Place(topic, run.partition, known_at)
            mine: dict[bytes, list[KafkaRecord]] = {}
            for record in run.records:
                value = record.value
                wrong = misshapen(value, self._longest)
                if wrong:
                    done.refusals.append(refusal(place, record, *wrong))
                else:
                    assert value is not None
                    mine.setdefault(value[:PREFIX], []).append(record)
            for prefix, records in mine.items():
                groups.setdefault(prefix, []).append(Run(run.partition, records))
        for prefix, group in groups.items():
            writer = self._writers.find(topic, schema_id(prefix))
            if isinstance(writer, Unfit):
                done.refusals += [
                    refusal(Place(topic, run.partition, known_at), record, writer.reason, writer.detail)
                    for run in group
                    for record in run.records
                ]
            else:
                yield writer, group


@dataclass(frozen=True, slots=True)
class _Storing:
    """Events of one topic and one writer's schema on their way into the store."""

    store: FrameStore
    topic: str
    known_at: datetime
    writer: WriterSchema
    done: Done

    def insert(self, runs: Sequence[Run], damaged: bool) -> None:
        """In one frame; if that is damaged, without what is no whole event; then without what does not decode."""
        sound = runs
        if damaged:
            sound = self._set_aside(sound, by_form=True)
        if self._takes(sound):
            return
        for by_form in (True, False):
            before = _count(sound)
            sound = self._set_aside(sound, by_form)
            if _count(sound) < before and self._takes(sound):
                return
        self._insert_by_halves(sound)

    def _takes(self, runs: Sequence[Run]) -> bool:
        try:
            self._insert_frame(runs)
        except DataRefused:
            return False
        return True

    def _insert_frame(self, runs: Sequence[Run]) -> None:
        if not runs:
            return
        frame = build_frame(self.topic, self.writer.header, runs, self.known_at)
        broken = frozenset(self.store.insert(frame))
        for run in runs:
            self.done.frames[run.partition].append(frame.number)
            if not broken:
                continue
            place = self._place(run)
            self.done.refusals += [
                explained(place, self.writer, record)
                for record in run.records
                if (run.partition, record.offset) in broken
            ]

    def _set_aside(self, runs: Sequence[Run], by_form: bool) -> Sequence[Run]:
        """The records that are sound; the others are refused with what the full decoding says of them.

        `by_form`: what has the form of an event is sound. Else each is decoded.
        """
        kept = [Run(run.partition, [*self._sound(run, by_form)]) for run in runs]
        return [run for run in kept if run.records]

    def _sound(self, run: Run, by_form: bool) -> Iterator[KafkaRecord]:
        is_usual, place = self.writer.form.pattern.fullmatch, self._place(run)
        for record in run.records:
            value = record.value
            assert value is not None
            # The look at first sight is is_whole's own: here it saves two calls for nearly every record.
            if by_form and (is_usual(value, PREFIX) or is_whole(value, self.writer)):
                yield record
                continue
            damage = decode(value, self.writer)
            if isinstance(damage, Damage):
                self.done.refusals.append(refusal(place, record, damage.reason, damage.detail))
            else:
                yield record

    def _insert_by_halves(self, runs: Sequence[Run]) -> None:
        """As nothing is wrong with any record that we can see, those that the store refuses are searched for."""
        try:
            self._insert_frame(runs)
        except DataRefused as error:
            if _count(runs) == 1:
                (run,) = runs
                (record,) = run.records
                self.done.refusals.append(refused_by_store(self._place(run), self.writer, record, error))
                return
            for half in _halves(runs):
                self._insert_by_halves(half)

    def _place(self, run: Run) -> Place:
        return Place(self.topic, run.partition, self.known_at)


def _in_frames(runs: Sequence[Run]) -> Iterator[Sequence[Run]]:
    """`runs` in groups of no more than one frame takes."""
    group: list[Run] = []
    room = _MOST_BYTES
    for run in runs:
        size = sum(len(record.value or b"") for record in run.records)
        if group and size > room:
            yield group
            group, room = [], _MOST_BYTES
        group.append(run)
        room -= size
    if group:
        yield group


def _count(runs: Sequence[Run]) -> int:
    return sum(len(run.records) for run in runs)


def _halves(runs: Sequence[Run]) -> tuple[Sequence[Run], Sequence[Run]]:
    """Of at least two records: some partitions and the others, or of a single one the first half and the second."""
    if len(runs) > 1:
        middle = len(runs) // 2
        return runs[:middle], runs[middle:]
    (run,) = runs
    middle = len(run.records) // 2
    return [Run(run.partition, run.records[:middle])], [Run(run.partition, run.records[middle:])]
