"""Time as an argument: the system's clock, or one that replays the past at a chosen speed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

BRUSSELS = ZoneInfo("Europe/Brussels")


class Clock(Protocol):
    """Tells the present moment in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class ReplayClock:
    """Starts at `origin` when the monotonic clock reads `started` and runs `speed` times as fast."""

    origin: datetime
    speed: float
    started: float

    @classmethod
    def starting_now(cls, origin: datetime, speed: float) -> ReplayClock:
        return cls(origin, speed, time.monotonic())

    def now(self) -> datetime:
        return self.origin + timedelta(seconds=(time.monotonic() - self.started) * self.speed)


def brussels_day(moment: datetime) -> date:
    """The calendar day in Belgium, daylight saving included (law 8)."""
    try:
        return moment.astimezone(BRUSSELS).date()
    except OverflowError:
        # The first and the last hours that Python can express: no event is from then, but one may say so.
        return moment.date()
