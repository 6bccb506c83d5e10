"""What a batch of events should become, worked out byte by byte: no code of the product reads them here.

Only the rules are the contract's own; tests/test_rules_agree.py has them judged twice. Avro's specification is the
measure, with what docs/decisions/0002-zero-decode-frames.md says of strictness.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import fastavro

from schemas.contracts import Contract, parsed_schema
from schemas.examples import PUBLISHED_AT
from tests.intake_samples import as_fact, contract_id

_UUID = re.compile(rb"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")
_EPOCH, _FIRST_DAY = datetime(1970, 1, 1, tzinfo=UTC), date(1970, 1, 1)
#: ClickHouse keeps up to 18 digits in so many bytes.
_LONGEST_DECIMAL = 8


class Malformed(Exception):
    """The bytes are no event."""


@dataclass(frozen=True)
class Verdict:
    """The fact that a value stands for, or None. `limit`: it may be refused instead, as a known limit says."""

    fact: tuple[Any, ...] | None
    limit: bool = False


REFUSED = Verdict(None)


def judge(contract: Contract, value: bytes | None, published_at: datetime) -> Verdict:
    """What becomes of a Kafka value that was written with the contract's own schema."""
    if not value or value[:5] != b"\0" + struct.pack(">I", contract_id(contract)) or len(value) < 6:
        return REFUSED
    for lenient in (False, True):
        try:
            event = _Datum(value, 5, lenient).event(contract.schema["fields"])
        except (Malformed, IndexError):
            continue
        if not lenient:
            _assert_that_fastavro_agrees(contract, value, event)
        if event is None or contract.check(event, published_at):
            return REFUSED
        return Verdict(as_fact(contract, event), lenient)
    return REFUSED


def strictly_read(contract: Contract, value: bytes) -> dict[str, Any] | None:
    """The event in a value; None where a moment is outside of every calendar. Raises `Malformed` or `IndexError`."""
    return _Datum(value, 5, False).event(contract.schema["fields"])


def _assert_that_fastavro_agrees(contract: Contract, value: bytes, event: Mapping[str, Any] | None) -> None:
    datum = io.BytesIO(value)
    datum.seek(5)
    if event is not None:
        assert fastavro.schemaless_reader(datum, parsed_schema(contract.topic), None) == event
        assert datum.tell() == len(value)


def time_of(milliseconds: int) -> datetime:
    """When a record was published, as its own time says; where that is none or to come, now."""
    try:
        moment = _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return PUBLISHED_AT
    return min(moment, PUBLISHED_AT) if milliseconds > 0 else PUBLISHED_AT


class _Datum:
    """A strict reader. `lenient`: an index that a union lacks is null, and only its lower 32 bits count."""

    def __init__(self, data: bytes, at: int, lenient: bool) -> None:
        self._data, self._at, self._lenient = data, at, lenient

    def event(self, fields: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
        """All fields to the last byte; None where a moment is outside of every calendar."""
        read = {field["name"]: self._value(field["type"]) for field in fields}
        if self._at != len(self._data):
            raise Malformed("bytes are left over")
        try:
            return {name: value() if callable(value) else value for name, value in read.items()}
        except OverflowError:
            return None

    def _value(self, kind: Any) -> Any:
        if isinstance(kind, list):
            index = self._long()
            if self._lenient:
                index = (index + (1 << 31)) % (1 << 32) - (1 << 31)
                if index not in range(len(kind)):
                    return None
            if index not in range(len(kind)):
                raise Malformed(f"a union has no branch {index}")
            kind = kind[index]
        detail = kind if isinstance(kind, Mapping) else {"type": kind}
        read: Callable[[Mapping[str, Any]], Any] = getattr(self, f"_{detail['type']}_of")
        return read(detail)

    def _null_of(self, _: Mapping[str, Any]) -> None:
        return None

    def _boolean_of(self, _: Mapping[str, Any]) -> bool:
        byte = self._data[self._at]
        self._at += 1
        if byte > 1:
            raise Malformed("a boolean is neither 0 nor 1")
        return bool(byte)

    def _int_of(self, detail: Mapping[str, Any]) -> Any:
        number = self._long()
        if not -(1 << 31) <= number < 1 << 31:
            raise Malformed("an int of more than 32 bits")
        return (lambda: _FIRST_DAY + timedelta(days=number)) if "logicalType" in detail else number

    def _long_of(self, detail: Mapping[str, Any]) -> Any:
        number = self._long()
        return (lambda: _EPOCH + timedelta(milliseconds=number)) if "logicalType" in detail else number

    def _enum_of(self, detail: Mapping[str, Any]) -> str:
        index = self._long()
        if index not in range(len(detail["symbols"])):
            raise Malformed(f"an enum has no symbol {index}")
        return str(detail["symbols"][index])

    def _string_of(self, detail: Mapping[str, Any]) -> Any:
        raw = self._raw()
        if detail.get("logicalType") == "uuid":
            if not _UUID.fullmatch(raw):
                raise Malformed("an identifier that is none")
            return UUID(raw.decode())
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            raise Malformed("text that is no UTF-8") from error

    def _bytes_of(self, detail: Mapping[str, Any]) -> Decimal:
        raw = self._raw()
        if not 0 < len(raw) <= _LONGEST_DECIMAL:
            raise Malformed(f"a decimal of {len(raw)} bytes")
        return Decimal(int.from_bytes(raw, "big", signed=True)).scaleb(-detail["scale"])

    def _raw(self) -> bytes:
        length = self._long()
        self._at += length
        if length < 0 or self._at > len(self._data):
            raise Malformed(f"{length} bytes where fewer are left")
        return self._data[self._at - length : self._at]

    def _long(self) -> int:
        number, self._at = varint(self._data, self._at)
        return number


def varint(data: bytes, at: int) -> tuple[int, int]:
    """A number in zigzag form at `at`, and where the next thing begins."""
    end = at
    while data[end] > 0x7F:
        end += 1
    number = sum((byte & 0x7F) << 7 * place for place, byte in enumerate(data[at : end + 1]))
    if end - at >= 10 or number >= 1 << 64:
        raise Malformed("a number of more than 64 bits")
    return (number >> 1) ^ -(number & 1), end + 1


def records_in(body: bytes, count: int, last_delta: int) -> list[tuple[int, int, bytes | None]]:
    """Offset delta, time delta and value of each record in an uncompressed batch's body."""
    found, at, expected = [], 0, 0
    for _ in range(count):
        length, start = varint(body, at)
        at = start + length
        record = body[start:at]
        if length < 1 or len(record) < length:
            raise Malformed("a record of impossible length")
        time, place = varint(record, 1)
        delta, place = varint(record, place)
        _, place = _piece(record, place)
        value, place = _piece(record, place)
        headers, place = varint(record, place)
        for _ in range(2 * headers):
            _, place = _piece(record, place)
        if headers < 0 or place != length or not expected <= delta <= last_delta:
            raise Malformed("a record that is not as it says")
        expected = delta + 1
        found.append((delta, time, value))
    if at != len(body):
        raise Malformed("bytes are left over")
    return found


def _piece(record: bytes, at: int) -> tuple[bytes | None, int]:
    length, at = varint(record, at)
    if length < 0:
        return None, at
    if at + length > len(record):
        raise Malformed("a piece that is longer than its record")
    return record[at : at + length], at + length
