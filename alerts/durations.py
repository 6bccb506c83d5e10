"""Lengths of time as people write them in a rule: `2d`, `12h`, `1d12h`, `0s`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Final

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

_UNITS: Final = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
PATTERN: Final = r"^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$"
_EXPECTED: Final = "expected a duration such as 2d, 12h, 30m, 1d12h or 0s"


def parse_duration(text: object) -> timedelta:
    """Weeks, days, hours, minutes, seconds, each at most once and in this order. Raises ValueError."""
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str) or not text or not re.match(PATTERN, text):
        raise PydanticCustomError("duration", _EXPECTED)
    parts = re.findall(r"([0-9]+)([wdhms])", text)
    try:
        return timedelta(**{_UNITS[unit]: int(count) for count, unit in parts})
    except OverflowError as error:
        raise PydanticCustomError("duration", _EXPECTED) from error


def format_duration(length: timedelta) -> str:
    """The shortest way to write it for `parse_duration`; fractions of a second are cut off."""
    seconds = int(length.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    written = ""
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        written += f"{count}{unit}" if count else ""
    return f"{sign}{written}" if written else "0s"


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": PATTERN, "minLength": 2, "examples": ["2d", "12h", "0s"]}),
]
