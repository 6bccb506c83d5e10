"""The demo's clock: it replays the past, and stands still before the platform is ready and while it ends."""

from __future__ import annotations

from datetime import datetime

from bewithu.clock import ReplayClock

_DAY = 86_400


class DemoClock:
    """Stands at `origin` until `start`, then runs `days_per_second` until `stop`. Never runs backwards."""

    def __init__(self, origin: datetime, days_per_second: float) -> None:
        self._clock = ReplayClock.starting_now(origin, 0.0)
        self._speed = days_per_second * _DAY

    def now(self) -> datetime:
        return self._clock.now()

    def start(self) -> None:
        self._clock = ReplayClock.starting_now(self.now(), self._speed)

    def stop(self) -> None:
        """What is under way can finish on the day that was reached."""
        self._clock = ReplayClock.starting_now(self.now(), 0.0)
