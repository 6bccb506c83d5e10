"""Reads the records in a record batch's body one by one (Kafka's format 2); values and headers stay bytes.

Every length is checked against what is left, and the last record must end where the body does.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

#: More than any batch of events has: each may end as a refusal of its own.
MOST_RECORDS = 1 << 18
_MOST_SHIFT = 63


class Malformed(Exception):
    """The bytes are no records as Kafka writes them."""


@dataclass(frozen=True, slots=True)
class LogRecord:
    """A record. `timestamp` is in ms since 1970."""

    offset: int
    timestamp: int
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


def read_records(
    body: bytes, count: int, base: int, time: int, append_time: bool, only: Container[int] | None = None
) -> list[LogRecord]:
    """The `count` records in `body`, or those at the offsets `only`. Raises `Malformed`."""
    if count > MOST_RECORDS:
        raise Malformed(f"it holds {count} records, expected at most {MOST_RECORDS}")
    found, at = [], 0
    try:
        for number in range(count):
            length, start = _varint(body, at)
            at = start + length
            if length < 0 or at > len(body):
                raise Malformed(f"record {number} is said to have {length} bytes")
            record = _record(body, start, at, base, time, append_time, only)
            if record is not None:
                found.append(record)
    except IndexError as error:
        raise Malformed(f"the bytes end in the middle of one of {count} records") from error
    if at != len(body):
        raise Malformed(f"{len(body) - at} bytes are left over behind {count} records")
    return found


def _record(
    body: bytes, at: int, end: int, base: int, time: int, append_time: bool, only: Container[int] | None
) -> LogRecord | None:
    delta, at = _varint(body, at + 1)  # behind the attributes
    offset, at = _varint(body, at)
    offset += base
    if only is not None and offset not in only:
        return None
    key, at = _varint(body, at)
    value, at = _bytes(body, at + max(key, 0), end)
    headers, at = _headers(body, at, end)
    if at != end:
        raise Malformed(f"the record at offset {offset} is not as long as it says")
    return LogRecord(offset, time if append_time else time + delta, value, headers)


def _headers(body: bytes, at: int, end: int) -> tuple[Sequence[tuple[str, bytes | None]], int]:
    count, at = _varint(body, at)
    if not 0 <= count <= end - at:
        raise Malformed(f"{count} headers")
    headers = []
    for _ in range(count):
        name, at = _bytes(body, at, end)
        value, at = _bytes(body, at, end)
        headers.append(((name or b"").decode("utf-8", "replace"), value))
    return headers, at


def _bytes(body: bytes, at: int, end: int) -> tuple[bytes | None, int]:
    length, at = _varint(body, at)
    if length < 0:
        return None, at
    if at + length > end:
        raise Malformed(f"{length} bytes where {end - at} are left")
    return body[at : at + length], at + length


def _varint(body: bytes, at: int) -> tuple[int, int]:
    """Kafka's zigzag number at `at`, and where the next thing begins."""
    byte = body[at]
    at += 1
    if byte < 0x80:
        return (byte >> 1) ^ -(byte & 1), at
    number, shift = byte & 0x7F, 7
    while True:
        byte = body[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (number >> 1) ^ -(number & 1), at
        shift += 7
        if shift > _MOST_SHIFT:
            raise Malformed("a number of more than ten bytes")
