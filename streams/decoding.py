"""Reads single events, for the rare case that a batch is damaged or a refusal must be explained."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

import fastavro

from schemas.contracts import agency_pattern
from schemas.frames import PREFIX
from schemas.national_number import mask
from streams.record_batches import KafkaRecord
from streams.writer_schemas import WriterSchema

Event = Mapping[str, Any]


_DAMAGES = (EOFError, IndexError, ValueError, OverflowError, TypeError, ArithmeticError, MemoryError)


@dataclass(frozen=True, slots=True)
class Damage:
    """Why a datum is no event."""

    reason: str
    detail: str


def decode(value: bytes, writer: WriterSchema) -> Event | Damage:
    """The event in a Kafka value (wire format), or what is wrong with its bytes.

    In the contract's names and types, logical types applied; what the writer does not write has its default.
    """
    datum = io.BytesIO(value)
    datum.seek(PREFIX)
    try:
        event = fastavro.schemaless_reader(datum, writer.parsed, None)
    except EOFError:
        return Damage("truncated", f"the datum ends early, after {len(value)} bytes")
    except _DAMAGES as error:
        if isinstance(error, IndexError) and datum.tell() >= len(value):
            return Damage("truncated", f"the datum ends early, after {len(value)} bytes")
        return Damage("undecodable", mask(f"{type(error).__name__}: {error}")[:200])
    rest = len(value) - datum.tell()
    if rest:
        return Damage("overlong", f"{rest} bytes are left over after the last field")
    if not isinstance(event, dict):
        return Damage("undecodable", "the datum is no record")
    odd = _oddity(value, writer, event)
    if odd:
        return Damage("undecodable", odd)
    return {**writer.defaults, **event}


def _oddity(value: bytes, writer: WriterSchema, event: Event) -> str:
    """What fastavro reads and the store does not; '' for none."""
    if writer.form.is_usual(value):
        return ""
    low = value.lower()
    for name, read in event.items():
        if isinstance(read, UUID) and str(read).encode() not in low:
            return f"{name} is an identifier that is not written as 36 characters, such as {UUID(int=0)}"
    if writer.form.of(value) == "wrong":
        return "a boolean, an enum's number or an int is none that Avro allows"
    return ""


def is_whole(value: bytes, writer: WriterSchema) -> bool:
    """Whether a value has the form of an event, from its first byte to its last: much cheaper than to decode it."""
    form = writer.form.of(value)
    if form != "unsure":
        return form == "plain"
    datum = io.BytesIO(value)
    datum.seek(PREFIX)
    try:
        fastavro.schemaless_reader(datum, writer.parsed, writer.skipped)
    except _DAMAGES:
        return False
    return datum.tell() == len(value)


def agency_of(record: KafkaRecord, event: Event | None) -> str:
    """The agency that published a record, from the event or else from its header; '' where unknown."""
    claimed = event.get("agency") if event else None
    if claimed is None:
        claimed = next(
            # Kafka's headers may be null.
            ((value or b"").decode("ascii", "replace") for name, value in record.headers if name == "agency"),
            "",
        )
    return claimed if _is_agency(claimed) else ""


@lru_cache(maxsize=1024)
def _is_agency(claimed: str) -> bool:
    return re.fullmatch(agency_pattern(), claimed) is not None
