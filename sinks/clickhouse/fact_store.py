"""Keeps events: frames into the landing tables, refusals into the quarantine, a note for each batch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from operator import attrgetter

from schemas.intake import BatchNote, Frame, LogFrame, Refusal
from schemas.quarantine import Earlier, Place, Span, Step
from sinks.clickhouse.contract_tables import landing_table
from sinks.clickhouse.database import Database, statement
from sinks.clickhouse.log_frames import IN_ORDER, log_frame_insert
from sinks.clickhouse.quarantine import Quarantine

_QUARANTINE = (
    "topic", "partition", "offset", "agency", "event_id", "reason", "field", "detail", "raw", "raw_length",
    "kafka_time", "known_at", "raw_altered",
)  # fmt: skip
_NOTE = (
    "batch", "frames", "topic", "partition", "first_offset", "last_offset", "records", "refused", "known_at",
    "kafka_time",
)  # fmt: skip
_NO_TIME = datetime.fromtimestamp(0, UTC)


class ClickHouseFactStore:
    """The `FactStore` of the ingest (streams/ports.py). `by` is who takes the batches, for the quarantine's log."""

    def __init__(self, database: Database, by: str = "worker") -> None:
        self._database = database
        self._quarantine = Quarantine(database)
        self._by = by

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

    def earlier(self, spans: Sequence[Span]) -> Sequence[Earlier]:
        return self._quarantine.earlier(spans)

    def mark_accepted(self, refusals: Sequence[Refusal], now: datetime) -> None:
        self._quarantine.write(
            [
                Step(
                    Place(refusal.topic, refusal.partition, refusal.offset),
                    "accepted",
                    now,
                    self._by,
                    f"accepted when it came first; refused since as {refusal.reason}",
                )
                for refusal in refusals
            ]
        )

    def quarantine(self, refusals: Sequence[Refusal]) -> None:
        # By columns, as the store takes them: ten thousands of refusals may come at once.
        columns = [list(map(attrgetter(column), refusals)) for column in _QUARANTINE]
        self._database.insert_columns("quarantine", _QUARANTINE, columns)

    def note(self, notes: Sequence[BatchNote]) -> None:
        """Facts are stored by now, so what was refused before is marked as accepted."""
        self._quarantine.write(
            [
                Step(Place(note.topic, note.partition, offset), "accepted", note.known_at, self._by, "")
                for note in notes
                for offset in note.mended
            ]
        )
        self._database.insert(
            "batches",
            _NOTE,
            [
                [*(getattr(note, column) for column in _NOTE[:-1]), note.kafka_time or _NO_TIME]
                for note in notes
            ],
        )
