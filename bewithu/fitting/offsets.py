"""Holds what the store has of each partition against Kafka and the workers' group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bewithu.settings import Kafka
from schemas.offsets import Range
from sinks.clickhouse.database import Database
from sinks.clickhouse.stored_offsets import StoredOffsets
from streams.group_offsets import GroupOffsets
from streams.standing import Standing, standings


def look(kafka: Kafka, database: Database) -> Sequence[Standing]:
    """Every partition. Raises `Unavailable` while store or broker is away."""
    group = GroupOffsets(kafka)
    # Kafka first: what is stored and committed in between is then no difference.
    in_kafka = group.in_kafka()
    return group.looked_into(standings(StoredOffsets(database).in_store(), in_kafka))


def troubles(found: Sequence[Standing]) -> Iterator[str]:
    """A sentence for each partition whose records are not all in the store, the lost ones first."""
    for each in found:
        if each.lost:
            yield (
                f"LOST: {_place(each)} offsets {_ranges(each.lost)} are not noted as stored, and "
                "Kafka has deleted them: ask their agencies to send the events of that time again"
                # Each end of a transaction takes an offset, and once it is deleted nobody can look any more.
                + ("; perhaps only a mark of a transaction" if _may_be_marks(each.lost) else "")
            )
    for each in found:
        if each.missing:
            yield f"{_place(each)} offsets {_ranges(each.missing)} are not stored, and can be read from Kafka again"
        if each.is_cut:
            yield (
                f"{_place(each)} ends at {each.kafka.high} in Kafka, and was stored up to {each.store.reached}: "
                "Kafka lost its end, or the topic was made anew"
            )


def _may_be_marks(ranges: Sequence[Range]) -> bool:
    """Whether one of them is a single offset, as the end of a transaction leaves it."""
    return any(each.behind - each.first == 1 for each in ranges)


def _place(each: Standing) -> str:
    topic, partition = each.place
    return f"{topic}/{partition}"


def _ranges(ranges: Sequence[object]) -> str:
    return ", ".join(map(str, ranges))
