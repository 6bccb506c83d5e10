"""What was fetched of one partition, on its way from the transport to the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic

from streams.record_batches import KafkaRecord, LogBatch


@dataclass(eq=False, slots=True)
class RecordBatch:
    """Records of one partition in the order of their offsets, at least one. `stored` lets offsets advance.

    They are given one by one in `records`, or as they stand in Kafka's log in `log`. `behind`: how many records
    were waiting in Kafka behind them when they were fetched, at the monotonic time `fetched`.
    """

    topic: str
    partition: int
    records: Sequence[KafkaRecord] = ()
    log: Sequence[LogBatch] = ()
    behind: int = 0
    stored: bool = False
    fetched: float = field(default_factory=monotonic)

    @property
    def first_offset(self) -> int:
        return self.log[0].first_offset if self.log else self.records[0].offset

    @property
    def last_offset(self) -> int:
        return self.log[-1].last_offset if self.log else self.records[-1].offset

    @property
    def last_time(self) -> int:
        """Kafka's time of the last record, in ms; about, where records are not read."""
        return self.log[-1].time if self.log else self.records[-1].timestamp

    @property
    def kafka_time(self) -> datetime | None:
        """Kafka's time of the first record; None where records are given one by one, as those of a replay."""
        return moment_of(self.log[0].time) if self.log else None

    @property
    def size(self) -> int:
        """Bytes that it holds in memory, as they came from Kafka."""
        return sum(len(each.raw) for each in self.log) + sum(len(each.value or b"") for each in self.records)


def joined(batches: Sequence[RecordBatch]) -> list[RecordBatch]:
    """The same records in fewer batches: those that follow one another in a partition are one."""
    runs: dict[tuple[str, int], list[RecordBatch]] = {}
    for batch in batches:
        run = runs.setdefault((batch.topic, batch.partition), [])
        last = run[-1] if run else None
        if last and last.log and batch.log and last.last_offset + 1 == batch.first_offset:
            run[-1] = RecordBatch(batch.topic, batch.partition, log=[*last.log, *batch.log])
        else:
            run.append(batch)
    return [batch for run in runs.values() for batch in run]


def moment_of(timestamp: int) -> datetime | None:
    """A moment of Kafka's, in ms; None where it has none or none that a calendar knows."""
    try:
        return datetime.fromtimestamp(timestamp / 1000, UTC) if timestamp > 0 else None
    except (OverflowError, ValueError):
        return None


def by_topic(batches: Sequence[RecordBatch], counts: Sequence[int]) -> Mapping[str, int]:
    """How many records of each topic; `counts` are those of the batches."""
    found = Counter[str]()
    for batch, count in zip(batches, counts, strict=True):
        found[batch.topic] += count
    return found
