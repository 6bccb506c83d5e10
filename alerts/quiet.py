"""Hours in which a coordinator gets no mail that can wait, by Belgium's clock: `20:00-07:00`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Annotated, Final

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from bewithu.clock import BRUSSELS

_PATTERN: Final = r"^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$"


@dataclass(frozen=True, slots=True)
class Hours:
    """From `begin` up to and without `end`; over midnight where the end is the smaller."""

    begin: time
    end: time

    def __str__(self) -> str:
        return f"{self.begin:%H:%M}-{self.end:%H:%M}"

    def end_of(self, moment: datetime) -> datetime | None:
        """When the quiet hours that `moment` is in are over; None outside of them."""
        local = moment.astimezone(BRUSSELS)
        now = local.time()
        over_midnight = self.end < self.begin
        inside = (now >= self.begin or now < self.end) if over_midnight else self.begin <= now < self.end
        if not inside:
            return None
        day = local.date() + timedelta(days=1 if over_midnight and now >= self.begin else 0)
        return datetime.combine(day, self.end, BRUSSELS)


def _hours(text: object) -> Hours:
    if isinstance(text, Hours):
        return text
    if not isinstance(text, str) or not re.match(_PATTERN, text) or text[:5] == text[6:]:
        raise PydanticCustomError("hours", "expected hours such as 20:00-07:00")
    return Hours(time.fromisoformat(text[:5]), time.fromisoformat(text[6:]))


QuietHours = Annotated[
    Hours,
    BeforeValidator(_hours),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": _PATTERN, "examples": ["20:00-07:00"]}),
]
