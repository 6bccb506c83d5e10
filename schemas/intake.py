"""What passes between the ingest and the store: frames, refusals, notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from schemas.batch_ids import new_batch_id
from schemas.contracts import Field


@dataclass(frozen=True, slots=True)
class Frame:
    """Events of one topic, written with one schema, fenced, as an Avro object container file.

    `batch` is 8 random bytes; the store knows what it did with this frame by them.
    """

    topic: str
    batch: bytes
    block: bytes
    records: int

    @property
    def number(self) -> int:
        """`batch` as the store counts it: an unsigned little-endian integer."""
        return int.from_bytes(self.batch, "little")


@dataclass(frozen=True, slots=True)
class LogShape:
    """What the records of a log frame have in common, besides the schema of their values.

    `wire`: the first five bytes of each value. `keyed`: all have a key, else none has. `headers`: how many each has.
    `append_time`: the broker's time holds for the whole batch, else each record's delta is added to it.
    """

    wire: bytes
    keyed: bool
    headers: int
    append_time: bool


@dataclass(frozen=True, slots=True)
class LogPlace:
    """A record batch of a log frame: its first row there, its records, and its place and time (ms) in Kafka."""

    row: int
    count: int
    partition: int
    offset: int
    time: int


@dataclass(frozen=True, slots=True)
class LogFrame:
    """Record batches of one topic, of one shape and one writer's schema, as they stand in Kafka's log.

    `block` is an Avro object container file with a block for each, in pieces; `fields` are the writer's. A value
    longer than `longest` bytes counts as damage.
    """

    topic: str
    batch: bytes
    block: Sequence[bytes | memoryview]
    records: int
    shape: LogShape
    fields: tuple[Field, ...]
    places: Sequence[LogPlace]
    known_at: datetime
    longest: int

    @property
    def number(self) -> int:
        """`batch` as the store counts it: an unsigned little-endian integer."""
        return int.from_bytes(self.batch, "little")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that goes to quarantine. `raw` and `detail` have the digits of identities masked."""

    topic: str
    partition: int
    offset: int
    agency: str
    event_id: str | None
    reason: str
    field: str
    detail: str
    raw: bytes
    raw_length: int
    kafka_time: datetime
    known_at: datetime
    #: Whether `raw` is not what was sent: masked or cut.
    raw_altered: bool


@dataclass(frozen=True, slots=True)
class BatchNote:
    """A batch of one partition is stored: facts and quarantine together hold all its records.

    `frames` are the numbers of the frames that it was stored in. `mended` are the offsets of records that were
    refused when they came before, and that are in the facts now. `kafka_time` is Kafka's of the first record; None
    where it says nothing about how long the batch took, as in a replay. `batch` is its id, in
    logs and in the store.
    """

    frames: tuple[int, ...]
    topic: str
    partition: int
    first_offset: int
    last_offset: int
    records: int
    refused: int
    known_at: datetime
    mended: tuple[int, ...] = ()
    kafka_time: datetime | None = None
    batch: UUID = field(default_factory=new_batch_id, compare=False)
