"""Looks at an event's bytes without decoding it: many times as fast as a decoder that skips what it reads.

It knows the one form that Avro's libraries write, every number as short as can be. Most events are of it and match a
regular expression, which the schema is turned into; the others are walked over, field by field. Whatever else may
be an event all the same is left to the decoder.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from schemas.contracts import Field, fields_of
from schemas.frames import PREFIX

#: `plain`: an event from the first byte to the last. `wrong`: the store takes no such value, though fastavro may.
#: `unsure`: ask a decoder.
Form = Literal["plain", "unsure", "wrong"]
#: One field: its kind, how many bytes or twice how many choices it has, and the bytes for null and for a value in
#: front of it, both -1 where it is no union.
Step = tuple[int, int, int, int]

_NUMBER, _SHORT_NUMBER, _TEXT, _FIXED, _BOOLEAN, _ENUM, _UUID, _DECIMAL, _OTHER = range(9)
_KINDS = {
    "long": (_NUMBER, 10),
    "int": (_SHORT_NUMBER, 5),
    "string": (_TEXT, 0),
    "bytes": (_TEXT, 0),
    "float": (_FIXED, 4),
    "double": (_FIXED, 8),
    "boolean": (_BOOLEAN, 1),
}
_ONE_BYTE_SYMBOLS = 64
#: An identifier: the byte that says 36, then digits and hyphens.
_UUID_BYTES, _HYPHEN = 37, 0x2D
_UUID_TEXT = b"-".join(b"[0-9A-Fa-f]{%d}" % digits for digits in (8, 4, 4, 4, 12))
#: The store's decimals have from one byte to eight: whatever else fastavro reads is for the store to say.
_LONGEST_DECIMAL = 8
_DECIMAL_BYTES = b"|".join(
    b"\\x%02x.{%d}" % (2 * length, length) for length in range(1, _LONGEST_DECIMAL + 1)
)
#: A text whose length takes one byte: that byte, and so many others.
_SHORT_TEXT = b"|".join(b"\\x%02x.{%d}" % (2 * length, length) for length in range(64))


@dataclass(frozen=True, slots=True)
class PlainForm:
    """What events of one schema look like: as a pattern for most of them, and field by field."""

    pattern: re.Pattern[bytes]
    steps: Sequence[Step]

    def is_usual(self, value: bytes) -> bool:
        """Whether a Kafka value in wire format is plain at first sight, its identifiers of 36 characters."""
        return self.pattern.fullmatch(value, PREFIX) is not None

    def of(self, value: bytes) -> Form:
        """Of a Kafka value in wire format."""
        if self.pattern.fullmatch(value, PREFIX):
            return "plain"
        try:
            return _walked(value, self.steps)
        except IndexError:
            return "unsure"


def plain_form(schema: Mapping[str, Any]) -> PlainForm:
    """The form of events that were written with `schema`."""
    steps = [
        _step(field, declared["type"])
        for field, declared in zip(fields_of(schema), schema["fields"], strict=True)
    ]
    return PlainForm(re.compile(b"".join(map(_pattern, steps)), re.DOTALL), steps)


def _step(field: Field, declared: Any) -> Step:
    kind, size = _KINDS.get(field.avro_type, (_OTHER, 0))
    if field.avro_type == "enum" and 0 < len(field.symbols) <= _ONE_BYTE_SYMBOLS:
        kind, size = _ENUM, 2 * len(field.symbols)
    if field.logical_type == "uuid" and kind == _TEXT:
        kind, size = _UUID, _UUID_BYTES
    if field.logical_type == "decimal" and kind == _TEXT:
        kind, size = _DECIMAL, 2 * _LONGEST_DECIMAL
    if not isinstance(declared, list):
        return kind, size, -1, -1
    if len(declared) != 2 or not field.optional:
        return _OTHER, 0, -1, -1
    return (kind, size, 0, 2) if declared[0] == "null" else (kind, size, 2, 0)


def _pattern(step: Step) -> bytes:
    """Takes no more than `_walked` does. No part of it can match in two ways, so it never goes back."""
    kind, size, null, present = step
    if kind in (_NUMBER, _SHORT_NUMBER):
        value = rb"[\x80-\xff]{0,%d}[\x00-\x7f]" % (size - 2)
    elif kind == _TEXT:
        value = b"(?:%s)" % _SHORT_TEXT
    elif kind == _UUID:
        value = rb"\x48" + _UUID_TEXT
    elif kind == _DECIMAL:
        value = b"(?:%s)" % _DECIMAL_BYTES
    elif kind == _FIXED:
        value = b".{%d}" % size
    elif kind == _BOOLEAN:
        value = rb"[\x00\x01]"
    elif kind == _ENUM:
        value = b"[%s]" % b"".join(rb"\x%02x" % number for number in range(0, size, 2))
    else:
        value = b"(?!)"
    return b"(?>%s)" % (value if null < 0 else rb"\x%02x|\x%02x%s" % (null, present, value))


def _walked(value: bytes, steps: Sequence[Step]) -> Form:  # noqa: C901 - one loop, as calls would double its time
    at = PREFIX
    for kind, size, null, present in steps:
        if null >= 0:
            branch = value[at]
            at += 1
            if branch == null:
                continue
            if branch != present:
                return "unsure"
        if kind == _TEXT:
            length = value[at]
            at += 1
            if length > 0x7F:
                if value[at] > 0x7F:
                    return "unsure"
                length = length & 0x7F | value[at] << 7
                at += 1
            if length & 1:
                return "unsure"
            at += length >> 1
        elif kind <= _SHORT_NUMBER:
            start = at
            while value[at] > 0x7F:
                at += 1
            at += 1
            if at - start >= size:
                fits = kind == _NUMBER or _is_int(value[start:at])
                return "unsure" if fits else "wrong"
        elif kind == _ENUM:
            if value[at] >= size or value[at] & 1:
                return "wrong" if value[at] & 1 and value[at] <= 0x7F else "unsure"
            at += 1
        elif kind == _UUID:
            if (
                value[at] != 72
                or not value[at + 9] == value[at + 14] == value[at + 19] == value[at + 24] == _HYPHEN
            ):
                return "wrong"
            at += size
        elif kind == _DECIMAL:
            length = value[at]
            if length & 1 or not 0 < length <= size:
                return "unsure"
            at += 1 + (length >> 1)
        elif kind == _FIXED:
            at += size
        elif kind == _BOOLEAN:
            if value[at] > 1:
                return "wrong"
            at += 1
        else:
            return "unsure"
    return "plain" if at == len(value) else "unsure"


def _is_int(number: bytes) -> bool:
    """Whether a number in zigzag form, however long it is written, fits into four bytes."""
    zigzag = sum((byte & 0x7F) << (7 * place) for place, byte in enumerate(number))
    return zigzag < 1 << 32
