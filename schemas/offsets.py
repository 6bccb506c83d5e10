"""What passes between the store and Kafka about how far each partition was taken in."""

from __future__ import annotations

from dataclasses import dataclass

#: Topic and partition.
Place = tuple[str, int]


@dataclass(frozen=True, slots=True, order=True)
class Range:
    """Offsets of one partition, from `first` to before `behind`; at least one."""

    first: int
    behind: int

    def __str__(self) -> str:
        return f"{self.first}-{self.behind - 1}" if self.behind - self.first > 1 else str(self.first)


@dataclass(frozen=True, slots=True)
class Ends:
    """Of a partition Kafka has the records from `low` to before `high`; earlier ones were deleted."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class InKafka(Ends):
    """A partition as Kafka tells of it. `committed`: where the group goes on; None where it never committed."""

    committed: int | None


@dataclass(frozen=True, slots=True)
class InStore:
    """What the store says to have taken of a partition: up to before `reached`, except for the `holes`."""

    reached: int = 0
    holes: tuple[Range, ...] = ()
