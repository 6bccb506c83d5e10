"""Records that are stored one by one or in fenced frames: where several schemas meet, and where something is wrong.

Everything is inserted as one frame per writer's schema. When the store finds a frame damaged, its events are
looked at one by one, the bad ones set aside, and the rest framed again; what still fails is found by halving.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bewithu.errors import DataRefused
from schemas.frames import PREFIX
from schemas.intake import Frame, Refusal
from streams.decoding import Damage, decode, is_whole
from streams.frames import build_frame
from streams.log_frames import schema_id
from streams.record_batches import KafkaRecord
from streams.refusals import Place, explained, misshapen, refusal, refused_by_store
from streams.writer_schemas import Unfit, WriterSchema, WriterSchemas


class FrameStore(Protocol):
    """The part of a `FactStore` that is needed here."""

    def insert(self, frame: Frame) -> Sequence[tuple[int, int]]:
        """As in streams/intake.py."""


@dataclass(slots=True)
class Done:
    """What became of the records of one partition: the numbers of their frames, and what was refused."""

    frames: list[int] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)


class LooseRecords:
    """Stores the records of one partition in the order of their offsets."""

    def __init__(self, store: FrameStore, writers: WriterSchemas, longest: int) -> None:
        self._store = store
        self._writers = writers
        self._longest = longest

    def take(self, place: Place, records: Sequence[KafkaRecord], damaged: bool = False) -> Done:
        """All records are in a frame that is stored, or among the refusals. Raises `Unavailable`.

        Where some are known to be `damaged`, they are looked for at once.
        """
        done = Done()
        groups = list(self._by_writer(place, records, done))
        # What is no event at all explains the damage; if there is more of it, the frame will say so.
        unexplained = damaged and not done.refusals
        for writer, group in groups:
            self._insert(place, writer, group, done, unexplained)
        return done

    def _by_writer(
        self, place: Place, records: Sequence[KafkaRecord], done: Done
    ) -> Iterator[tuple[WriterSchema, Sequence[KafkaRecord]]]:
        """The records by writer's schema; what has none is refused."""
        groups: dict[bytes, list[KafkaRecord]] = {}
        for record in records:
            wrong = misshapen(record.value, self._longest)
            if wrong:
                done.refusals.append(refusal(place, record, *wrong))
            else:
                assert record.value is not None
                groups.setdefault(record.value[:PREFIX], []).append(record)
        for prefix, group in groups.items():
            writer = self._writers.find(place.topic, schema_id(prefix))
            if isinstance(writer, Unfit):
                done.refusals += [refusal(place, record, writer.reason, writer.detail) for record in group]
            else:
                yield writer, group

    def _insert(
        self,
        place: Place,
        writer: WriterSchema,
        records: Sequence[KafkaRecord],
        done: Done,
        damaged: bool,
    ) -> None:
        """In one frame; if that is damaged, without what is no whole event; then without what does not decode."""
        sound = records
        if damaged:
            sound = self._set_aside(place, writer, sound, is_whole, done)
        if self._takes(place, writer, sound, done):
            return
        for is_sound in (is_whole, _decode_each):
            before = len(sound)
            sound = self._set_aside(place, writer, sound, is_sound, done)
            if len(sound) < before and self._takes(place, writer, sound, done):
                return
        self._insert_by_halves(place, writer, sound, done)

    def _takes(self, place: Place, writer: WriterSchema, records: Sequence[KafkaRecord], done: Done) -> bool:
        try:
            self._insert_frame(place, writer, records, done)
        except DataRefused:
            return False
        return True

    def _insert_frame(
        self, place: Place, writer: WriterSchema, records: Sequence[KafkaRecord], done: Done
    ) -> None:
        if not records:
            return
        frame = build_frame(place.topic, place.partition, writer.header, records, place.known_at)
        broken = frozenset(offset for _, offset in self._store.insert(frame))
        done.frames.append(frame.number)
        if broken:
            done.refusals += [
                explained(place, writer, record) for record in records if record.offset in broken
            ]

    def _set_aside(
        self,
        place: Place,
        writer: WriterSchema,
        records: Sequence[KafkaRecord],
        is_sound: Callable[[bytes, WriterSchema], bool],
        done: Done,
    ) -> list[KafkaRecord]:
        """The records that are sound; the others are refused with what the full decoding says of them."""
        sound = []
        for record in records:
            assert record.value is not None
            if is_sound(record.value, writer):
                sound.append(record)
                continue
            damage = decode(record.value, writer)
            if isinstance(damage, Damage):
                done.refusals.append(refusal(place, record, damage.reason, damage.detail))
            else:
                sound.append(record)
        return sound

    def _insert_by_halves(
        self, place: Place, writer: WriterSchema, records: Sequence[KafkaRecord], done: Done
    ) -> None:
        """As nothing is wrong with any of `records` that we can see, those that the store refuses are searched for."""
        try:
            self._insert_frame(place, writer, records, done)
        except DataRefused as error:
            if len(records) == 1:
                done.refusals.append(refused_by_store(place, writer, records[0], error))
                return
            middle = len(records) // 2
            self._insert_by_halves(place, writer, records[:middle], done)
            self._insert_by_halves(place, writer, records[middle:], done)


def _decode_each(value: bytes, writer: WriterSchema) -> bool:
    """Holds none for sound unseen: each is decoded in full, and that decides."""
    return False
