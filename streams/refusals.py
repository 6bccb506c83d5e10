"""The refusal of a record: what the quarantine keeps of it, and why, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from schemas.contracts import contracts
from schemas.intake import Refusal
from schemas.national_number import mask, mask_bytes
from streams.batches import moment_of
from streams.decoding import Damage, Event, agency_of, decode
from streams.record_batches import KafkaRecord
from streams.writer_schemas import WriterSchema

#: So much of a refused record is kept; `raw_length` tells of the rest, which Kafka still has.
_KEPT_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Place:
    """Where records come from, and when they became known."""

    topic: str
    partition: int
    known_at: datetime


def misshapen(value: bytes | None, longest: int) -> tuple[str, str] | None:
    """Reason and detail for a value that is no event in Confluent's wire format; None for one that may be."""
    if not value:
        return "empty", "the message has no value"
    if len(value) > longest:
        return "too_large", f"{len(value)} bytes, expected at most {longest}"
    if value[0] != 0:
        return "wrong_magic", f"starts with {value[:5].hex()}, expected 00 and a schema id in four bytes"
    if len(value) < 6:
        return "truncated", f"only {len(value)} bytes, expected a schema id and an event"
    return None


def explained(place: Place, writer: WriterSchema, record: KafkaRecord) -> Refusal:
    """The refusal of an event that breaks a rule, in words."""
    assert record.value is not None
    event = decode(record.value, writer)
    if isinstance(event, Damage):
        return refusal(place, record, event.reason, event.detail)
    published_at = min(moment_of(record.timestamp) or place.known_at, place.known_at)
    violations = contracts()[place.topic].check(event, published_at, place.known_at)
    if not violations:
        detail = "the store found a broken rule that the contract's check does not see: please report this"
        return refusal(place, record, "rule_broken", detail, "", event)
    first = violations[0]
    return refusal(place, record, first.reason, mask("; ".join(map(str, violations))), first.field, event)


def refused_by_store(place: Place, writer: WriterSchema, record: KafkaRecord, error: Exception) -> Refusal:
    """The refusal of an event that nothing is wrong with but that the store does not take."""
    assert record.value is not None
    event = decode(record.value, writer)
    known = None if isinstance(event, Damage) else event
    return refusal(place, record, "refused_by_store", mask(str(error))[:200], "", known)


def refusal(
    place: Place, record: KafkaRecord, reason: str, detail: str, field: str = "", event: Event | None = None
) -> Refusal:
    raw = record.value or b""
    # Masked before it is cut, so that no half of a number stays.
    kept = mask_bytes(raw[: _KEPT_BYTES + 64])[:_KEPT_BYTES]
    return Refusal(
        topic=place.topic,
        partition=place.partition,
        offset=record.offset,
        agency=agency_of(record, event),
        event_id=str(event["event_id"]) if event else None,
        reason=reason,
        field=field,
        detail=detail,
        raw=kept,
        raw_length=len(raw),
        kafka_time=moment_of(record.timestamp) or place.known_at,
        known_at=place.known_at,
        raw_altered=kept != raw,
    )


def unexplained(place: Place, record: KafkaRecord, reason: str, detail: str) -> Refusal:
    """A refusal that looks at nothing of the record but its place: what is wrong with it may be anywhere.

    Its bytes stay in Kafka, and nobody is answered, as nobody is known.
    """
    return Refusal(
        topic=place.topic,
        partition=place.partition,
        offset=record.offset,
        agency="",
        event_id=None,
        reason=reason,
        field="",
        detail=detail,
        raw=b"",
        raw_length=len(record.value or b""),
        kafka_time=place.known_at,
        known_at=place.known_at,
        raw_altered=True,
    )
