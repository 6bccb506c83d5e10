"""How far each partition was stored, by the notes of its batches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from schemas.offsets import InStore, Place, Range
from sinks.clickhouse.database import Database, statement


class StoredOffsets:
    """Fits the Protocol `Reached` of `streams.ports`. Every call raises `Unavailable` while the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def reached(self) -> Mapping[Place, int]:
        """The offset behind the last stored record of each partition; left out is of which none was stored."""
        rows = self._database.rows(statement("stored_reach"))
        return {(topic, partition): behind for topic, partition, behind in rows}

    def in_store(self) -> Mapping[Place, InStore]:
        """With the holes. It reads every note, so it is for starts and audits."""
        holes: dict[Place, list[Range]] = defaultdict(list)
        for topic, partition, first, behind in self._database.rows(statement("stored_holes")):
            holes[topic, partition].append(Range(first, behind))
        return {place: InStore(behind, tuple(holes[place])) for place, behind in self.reached().items()}
