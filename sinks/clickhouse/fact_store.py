"""Keeps events: frames into the landing tables, refusals into the quarantine, a note for each batch."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.intake import BatchNote, Frame, LogFrame, Refusal
from sinks.clickhouse.contract_tables import landing_table
from sinks.clickhouse.database import Database, statement
from sinks.clickhouse.log_frames import IN_ORDER, log_frame_insert

_QUARANTINE = (
    "topic", "partition", "offset", "agency", "event_id", "reason", "field", "detail", "raw", "raw_length",
    "kafka_time", "known_at",
)  # fmt: skip
_NOTE = (
    "frames", "topic", "partition", "first_offset", "last_offset", "records", "refused", "known_at",
)  # fmt: skip


class ClickHouseFactStore:
    """The `FactStore` of the ingest (streams/intake.py)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert(self, frame: Frame | LogFrame) -> Sequence[tuple[int, int]]:
        """Stores what keeps the rules; returns the places of what does not. Raises `DataRefused` on damage."""
        landing = landing_table(frame.topic)
        if isinstance(frame, LogFrame):
            into, structure = log_frame_insert(frame, landing)
            self._database.insert_avro_select(into, structure, frame.block, frame.records, IN_ORDER)
        else:
            self._database.insert_avro(landing, frame.block)
        refused = self._database.rows(statement("refused_in_frame"), frame=frame.number)
        return [(partition, offset) for partition, offset in refused]

    def quarantine(self, refusals: Sequence[Refusal]) -> None:
        self._database.insert(
            "quarantine",
            _QUARANTINE,
            [[getattr(refusal, column) for column in _QUARANTINE] for refusal in refusals],
        )

    def note(self, notes: Sequence[BatchNote]) -> None:
        self._database.insert(
            "batches", _NOTE, [[getattr(note, column) for column in _NOTE] for note in notes]
        )
