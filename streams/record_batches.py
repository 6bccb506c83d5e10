"""Record batches as the broker keeps them, taken as they are: one object for thousands of records.

The layout is Kafka's own, version 2: https://kafka.apache.org/documentation/#recordbatch. Records are read only
when somebody asks for them one by one.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from aiokafka.record.memory_records import MemoryRecords

from streams.record_reader import MOST_RECORDS, Malformed, read_records
from streams.unpacking import TooMuch, check_old, unpack

_LENGTH = struct.Struct(">qi")  # base offset, bytes behind it
_MAGIC_AT = 16
#: Length, leader epoch, magic, CRC, attributes, last offset delta, first and largest timestamp, producer id, epoch
#: and sequence, count.
_HEADER = struct.Struct(">qiibIhiqqqhii")
_CODEC_MASK, _APPEND_TIME, _CONTROL = 0x07, 0x08, 0x20
_MAGIC = 2


class KafkaRecord(Protocol):
    """What we use of a consumed record. `timestamp` is in ms since 1970, negative when Kafka has none."""

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...


@dataclass(frozen=True, slots=True)
class _TimelessRecord:
    """A record in format 0, which has no times."""

    offset: int
    value: bytes | None
    timestamp: int = -1
    headers: tuple[()] = ()


class Unreadable(Exception):
    """A record batch that no client can read, though its checksum is right; the message is for a person."""


@dataclass(frozen=True, slots=True)
class _Placeholder:
    """Stands for a record that cannot be read."""

    offset: int
    timestamp: int
    value: None = None
    headers: tuple[()] = ()


@dataclass(frozen=True, slots=True)
class LogBatch:
    """One producer's batch in the log of a partition; `count` records from `first_offset` to `last_offset`.

    `dense`: its records have the offsets `first_offset`, `first_offset` + 1, … and all of them are wanted.
    `time` is the base of the records' times in ms, or with `append_time` the time of each of them.
    """

    raw: memoryview
    first_offset: int
    last_offset: int
    count: int
    dense: bool
    time: int
    append_time: bool
    compression: int

    def body(self) -> bytes | memoryview:
        """The records, one behind the other, decompressed. Raises `Unreadable`."""
        with self._readable("decompressed"):
            return unpack(self.raw[_HEADER.size :], self.compression)

    def records(
        self, only: Collection[int] | None = None, body: bytes | memoryview | None = None
    ) -> Sequence[KafkaRecord]:
        """Each of its records from `first_offset` on, or those at the offsets `only`. Raises `Unreadable`.

        `body` is what `body()` gives, where that is at hand.
        """
        if self.raw[_MAGIC_AT] != _MAGIC:
            return [each for each in self.every_old_record() if each.offset >= self.first_offset]
        body = bytes(self.body() if body is None else body)
        with self._readable("read"):
            base, _ = _LENGTH.unpack_from(self.raw)
            found: Sequence[KafkaRecord] | None = self._read_at_once(body)
            if found is None:
                found = read_records(body, self.count, base, self.time, self.append_time, only)
            self._require_order(found, base)
            if only is None:
                return [record for record in found if record.offset >= self.first_offset]
            return [record for record in found if record.offset in only]

    def _require_order(self, found: Sequence[KafkaRecord], base: int) -> None:
        """Records elsewhere, or two at one place, would be lost or taken for one another."""
        expected = base
        for record in found:
            if not expected <= record.offset <= self.last_offset:
                raise Malformed(f"it has a record at offset {record.offset}, expected one from {expected} on")
            expected = record.offset + 1

    def _read_at_once(self, body: bytes) -> Sequence[KafkaRecord] | None:
        """By aiokafka's compiled reader, several times as fast as ours; None where it stumbles, which ours may not."""
        if self.count > MOST_RECORDS:
            return None
        header = list(_HEADER.unpack_from(self.raw))
        header[1] = _HEADER.size - _LENGTH.size + len(body)
        header[5] &= ~_CODEC_MASK  # unpacked already, and no further than is good
        try:
            return list(MemoryRecords(_HEADER.pack(*header) + body).next_batch())
        except Exception:
            return None

    def every_old_record(self) -> Sequence[KafkaRecord]:
        """Of a message set in format 0 or 1, also those before `first_offset`. Raises `Unreadable`."""
        with self._readable("decompressed"):
            check_old(self.raw)
        with self._readable("read"):
            batches = MemoryRecords(bytes(self.raw))
            found = list(batches.next_batch()) if batches.has_next() else []
            return [
                each if each.timestamp is not None else _TimelessRecord(each.offset, each.value)
                for each in found
            ]

    def placeholders(self) -> Sequence[KafkaRecord]:
        """A record without a value for each offset of a batch that cannot be read.

        Of more than `MOST_RECORDS`, which may be a lie, the first stands for all.
        """
        last = self.last_offset
        if last - self.first_offset >= MOST_RECORDS:
            last = self.first_offset
        return [_Placeholder(offset, self.time) for offset in range(self.first_offset, last + 1)]

    @contextmanager
    def _readable(self, what: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            # The codecs raise a dozen kinds; none of them would end if the batch were read again.
            detail = str(error) if isinstance(error, TooMuch | Malformed) else type(error).__name__
            where = f"offsets {self.first_offset} to {self.last_offset}"
            raise Unreadable(f"Kafka's record batch ({where}) cannot be {what}: {detail}") from error


def complete_batches(data: bytes) -> Iterator[memoryview]:
    """The batches in a fetched part of a log; a last one that was cut off is left out."""
    at, view = 0, memoryview(data)
    while len(data) - at >= _MAGIC_AT + 1:
        end = at + _LENGTH.size + _LENGTH.unpack_from(data, at)[1]
        if end > len(data) or end <= at + _MAGIC_AT:
            return  # cut off, or a length that no batch has: what is behind it cannot be found
        yield view[at:end]
        at = end


def read_batch(raw: memoryview, wanted_from: int) -> tuple[LogBatch | None, int]:
    """A batch without its records before `wanted_from`, and the offset behind it; None where nothing is wanted."""
    if raw[_MAGIC_AT] != _MAGIC:
        return _old_batch(raw, wanted_from)
    (base, _, _, _, _, attributes, last_delta, first_time, largest_time, _, _, _, count) = (
        _HEADER.unpack_from(raw)
    )
    last = base + max(last_delta, 0)  # it has a place at least, where it is refused
    if attributes & _CONTROL or count <= 0 or last < wanted_from:
        return None, last + 1
    appended = bool(attributes & _APPEND_TIME)
    batch = LogBatch(
        raw=raw,
        first_offset=max(base, wanted_from),
        last_offset=last,
        count=count,
        # A compacted batch has gaps; one that is entered in its middle has records that were taken before.
        dense=count == last_delta + 1 and base >= wanted_from,
        time=largest_time if appended else first_time,
        append_time=appended,
        compression=attributes & _CODEC_MASK,
    )
    return batch, last + 1


def is_intact(raw: memoryview) -> bool:
    """Whether the checksum of a batch is right."""
    batches = MemoryRecords(bytes(raw))
    return batches.has_next() and bool(batches.next_batch().validate_crc())


def _old_batch(raw: memoryview, wanted_from: int) -> tuple[LogBatch | None, int]:
    """Formats 0 and 1, from brokers before 0.11: their offsets stand in the records alone.

    Of one that cannot be read nothing is known but its last offset.
    """
    last, _ = _LENGTH.unpack_from(raw)
    whole = LogBatch(raw, last, last, 1, False, 0, False, 0)
    try:
        offsets = [record.offset for record in whole.every_old_record()]
    except Unreadable:
        return (whole, last + 1) if last >= wanted_from else (None, wanted_from)
    wanted = [offset for offset in offsets if offset >= wanted_from]
    behind = offsets[-1] + 1 if offsets else wanted_from
    if not wanted:
        return None, behind
    return LogBatch(raw, wanted[0], wanted[-1], len(wanted), False, 0, False, 0), behind
