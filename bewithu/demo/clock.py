"""The demo's clock: it replays the past as fast as it may, and never runs far ahead of what is already told."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

_DAY = 86_400.0

#: How far the clock may be ahead of the last evaluation. A rule that waits for days is then looked at in time, on a
#: slow machine too: the replay slows down instead of skipping.
_LEAD = timedelta(days=3)


class DemoClock:
    """Stands at `origin` until `start`, then runs at most `days_per_second` until `stop`. Never runs backwards."""

    def __init__(self, origin: datetime, days_per_second: float) -> None:
        self._anchor = (origin, time.monotonic(), 0.0)
        self._limit = origin + _LEAD
        self._speed = days_per_second * _DAY
        self._behind: Callable[[], bool] = lambda: False

    def now(self) -> datetime:
        moment, started, speed = self._anchor
        return min(moment + timedelta(seconds=(time.monotonic() - started) * speed), self._limit)

    def start(self) -> None:
        self._anchor = (self.now(), time.monotonic(), self._speed)

    def hold_while(self, behind: Callable[[], bool]) -> None:
        """The clock is not let go on while `behind` says that published events wait to be stored."""
        self._behind = behind

    def told(self, moment: datetime) -> None:
        """Indicators and rules are up to date as of `moment`: the clock may go on from there."""
        if self._behind():
            return
        self._anchor = (self.now(), time.monotonic(), self._anchor[2])
        self._limit = max(self._limit, moment + _LEAD)

    def stop(self) -> None:
        """What is under way can finish on the day that was reached."""
        self._anchor = (self.now(), time.monotonic(), 0.0)
