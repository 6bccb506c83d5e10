"""The report's records as CSV (RFC 4180): one header, one line for each record, all of the same length."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

from bewithu.rejection_report.report import Report
from schemas.areas import Language
from schemas.quarantine import Held
from schemas.reasons import advice

COLUMNS = (
    "event_id", "topic", "partition", "offset", "reason", "field", "detail", "published_at", "refused_at",
    "what_to_do",
)  # fmt: skip
#: A spreadsheet takes a cell that begins so for a formula, and a formula can send what the sheet holds elsewhere.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def render_csv(report: Report, language: Language) -> str:
    """Moments are UTC."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for held in report.records:
        writer.writerow([_harmless(cell) for cell in _cells(held, language)])
    return text.getvalue()


def _cells(held: Held, language: Language) -> tuple[str, ...]:
    place = held.place
    return (
        held.event_id or "", place.topic, str(place.partition), str(place.offset), held.reason, held.field,
        held.detail, _moment(held.kafka_time), _moment(held.known_at), advice(held.reason, language),
    )  # fmt: skip


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
