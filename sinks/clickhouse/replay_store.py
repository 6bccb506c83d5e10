"""Where a replay stores: as the ingest does, except for what it says of the records received."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from schemas.intake import BatchNote
from sinks.clickhouse.fact_store import ClickHouseFactStore


class ReplayStore(ClickHouseFactStore):
    """A replay picks single records out of a partition."""

    def note(self, notes: Sequence[BatchNote]) -> None:
        """Its frames are news, its places are not: a range of them would count what was never received."""
        super().note([replace(note, last_offset=note.first_offset) for note in notes])
