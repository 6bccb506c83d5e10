"""What stayed level: a robust slope (Theil and Sen) of each series over the second half of a run, against its limit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

from scipy import stats

#: A shorter half than this tells of the start and of chance, not of leaks.
LEAST_JUDGED_SECONDS = 600.0
LEAST_SAMPLES = 30


@dataclass(frozen=True, slots=True)
class Limit:
    """So much may a series grow in the judged time: a share of its median, or `least` where that is more."""

    series: str
    share: float
    least: float

    def allowed(self, level: float) -> float:
        return max(self.share * level, self.least)


#: Disk itself grows with the facts, and the parts that are merged at a time with it: so what each event takes of it is
#: judged, and what merged parts take beside those in use.
LIMITS = (
    Limit("rss_mib", 0.05, 30),
    Limit("store_rss_mib", 0.05, 30),
    Limit("handles", 0.05, 5),
    Limit("threads", 0.05, 3),
    Limit("parts", 0.10, 15),
    Limit("store_bytes_per_event", 0.10, 0),
    Limit("old_parts_share", 0.25, 0.5),
    Limit("refresh_seconds", 0.25, 0.05),
    Limit("latency_seconds", 0.25, 0.1),
)


@dataclass(frozen=True, slots=True)
class Drift:
    """`growth`: of the line through the judged time, end minus beginning. `at_least`: the lower end of its interval.

    The interval is that of 95 % if one look told nothing of the next, so it is narrower than it should be: what breaks
    a limit has grown by more than is allowed, and not by chance alone.
    """

    limit: Limit
    level: float
    growth: float
    at_least: float

    @property
    def allowed(self) -> float:
        return self.limit.allowed(self.level)

    @property
    def is_level(self) -> bool:
        return self.at_least <= self.allowed

    @property
    def told(self) -> str:
        return (
            f"{self.limit.series} grew by {self.growth:.4g} in the judged time (at least by {self.at_least:.4g}), "
            f"allowed are {self.allowed:.4g} at a level of {self.level:.4g}"
        )

    def to_json(self) -> Mapping[str, Any]:
        numbers = {
            "level": self.level,
            "growth": self.growth,
            "at_least": self.at_least,
            "allowed": self.allowed,
        }
        return {**{name: round(number, 4) for name, number in numbers.items()}, "is_level": self.is_level}


def judged_since(seconds: float, day_seconds: float) -> float:
    """The second half, cut to whole days of the pattern, so that a morning at the end is not taken for growth."""
    return seconds - max(1, math.floor(seconds / 2 / day_seconds)) * day_seconds


def is_long_enough(seconds: float, day_seconds: float) -> bool:
    return seconds - judged_since(seconds, day_seconds) >= LEAST_JUDGED_SECONDS and seconds >= 2 * day_seconds


def drift(limit: Limit, times: Sequence[float], values: Sequence[float]) -> Drift | None:
    """None where too little was measured. Nothing happened is NaN, and left out."""
    known = [(time, value) for time, value in zip(times, values, strict=True) if not math.isnan(value)]
    if len(known) < LEAST_SAMPLES:
        return None
    moments, measured = zip(*known, strict=True)
    span = times[-1] - times[0]
    slope, _, lower, _ = stats.theilslopes(measured, moments, alpha=0.95)
    return Drift(limit, median(measured), float(slope) * span, float(lower) * span)


def drifts(series: Mapping[str, Sequence[float]], times: Sequence[float]) -> Mapping[str, Drift | None]:
    """Of all series with a limit, over the times given."""
    return {limit.series: drift(limit, times, series[limit.series]) for limit in LIMITS}


def mean_of(values: Sequence[float]) -> float | None:
    """None where nothing was measured."""
    known = [value for value in values if not math.isnan(value)]
    return round(fmean(known), 4) if known else None
