"""EARS C1, C2 and C3 as published, in plain Python: the reference. It shares no code with the rules' `ears` condition.

Hutwagner, Thompson, Seeman and Treadwell 2003; formulas as in Fricker, Hegler and Dunfee 2008. The baseline are seven
days, which end on the day before (C1) or two days earlier (C2). C1 and C2 are the day's distance from the baseline's
mean in its standard deviations, alarms above 3. C3 adds what C2 was above 1 on the day and the two before it; it
alarms above 2. Where all seven days are equal any greater count is an alarm, as in R's surveillance (minSigma 0).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

BASELINE: Final = 7
C1_LAG: Final = 0
C2_LAG: Final = 2
C1_ALARM: Final = 3.0
C2_ALARM: Final = 3.0
C3_ALARM: Final = 2.0
C3_DAYS: Final = 3
#: So many counts are needed before one can be judged.
NEEDED: Final = {"C1": BASELINE + 1, "C2": BASELINE + C2_LAG + 1, "C3": BASELINE + C2_LAG + C3_DAYS}


def c1(counts: Sequence[float]) -> float:
    """Of the last count."""
    return _distance(counts, C1_LAG)


def c2(counts: Sequence[float]) -> float:
    """Of the last count."""
    return _distance(counts, C2_LAG)


def c3(counts: Sequence[float]) -> float:
    """Of the last count."""
    return sum(max(0.0, c2(counts[: len(counts) - back]) - 1) for back in range(C3_DAYS))


def is_alarm(method: str, counts: Sequence[float]) -> bool:
    """Whether the last count is one; False before there are enough of them."""
    statistic, alarm = _METHODS[method]
    return len(counts) >= NEEDED[method] and statistic(counts) > alarm


_METHODS: Final[Mapping[str, tuple[Callable[[Sequence[float]], float], float]]] = {
    "C1": (c1, C1_ALARM),
    "C2": (c2, C2_ALARM),
    "C3": (c3, C3_ALARM),
}


def _distance(counts: Sequence[float], lag: int) -> float:
    end = len(counts) - 1 - lag
    days = counts[end - BASELINE : end]
    mean = sum(days) / BASELINE
    deviation = math.sqrt(sum((count - mean) ** 2 for count in days) / (BASELINE - 1))
    above = counts[-1] - mean
    if deviation:
        return above / deviation
    return math.inf if above > 0 else 0.0
