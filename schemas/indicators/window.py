"""How long an event counts: so many days or hours, or until its calendar week or month is over."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator

_SPAN = re.compile(r"(?P<length>[1-9][0-9]{0,4})(?P<unit>[dh])")
_LONGEST_DAYS = 3_660


@dataclass(frozen=True, slots=True)
class Span:
    """`length` days or hours; of a calendar week or month, 1."""

    length: int
    unit: Literal["day", "hour", "week", "month"]


def span_of(window: str) -> Span:
    """Raises `ValueError` saying what was expected."""
    if window == "week":
        return Span(1, "week")
    if window == "month":
        return Span(1, "month")
    found = _SPAN.fullmatch(window)
    if not found:
        raise ValueError("expected days like 7d, hours like 48h, week or month")
    length = int(found["length"])
    if length > _LONGEST_DAYS * (1 if found["unit"] == "d" else 24):
        raise ValueError(f"expected at most {_LONGEST_DAYS} days")
    return Span(length, "day" if found["unit"] == "d" else "hour")


def _checked(window: str) -> str:
    span_of(window)
    return window


#: `7d`, `48h`: the days or hours that end with the day of the value, in Brussels; `week` (from Monday), `month`: those
#: of the calendar, up to the day of the value.
Window = Annotated[str, AfterValidator(_checked)]
