"""How the load of a day goes: nights are quiet, offices send most at nine, and they pause for lunch."""

from __future__ import annotations

import math
from dataclasses import dataclass

#: The hour of a summit or dip, how many hours wide it is, and how much it adds to the night's load.
_SHAPE = ((9.0, 1.2, 2.6), (12.6, 0.5, -0.7), (13.0, 3.5, 1.5), (16.0, 1.2, 0.6))
_NIGHT = 0.12
_STEPS = 24 * 60


def _raw(hour: float) -> float:
    return _NIGHT + sum(more * math.exp(-(((hour - at) / width) ** 2)) for at, width, more in _SHAPE)


_MEAN = sum(_raw(24 * step / _STEPS) for step in range(_STEPS)) / _STEPS


@dataclass(frozen=True, slots=True)
class Pattern:
    """A day takes `day_seconds`, and `rate` events a second are sent on average over it."""

    rate: float
    day_seconds: float

    def hour(self, seconds: float) -> float:
        """The time of day after so many seconds, 0 to 24."""
        return 24 * (seconds % self.day_seconds) / self.day_seconds

    def day(self, seconds: float) -> int:
        return int(seconds // self.day_seconds)

    def at(self, seconds: float) -> float:
        """Events a second at that moment."""
        return self.rate * _raw(self.hour(seconds)) / _MEAN
