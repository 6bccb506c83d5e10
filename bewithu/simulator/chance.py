"""Chance that can be repeated: every household draws from its own stream, so no life depends on another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


def stream(seed: int, month: int, household: int) -> Random:
    """The stream of one household; `household` -1 is the stream of the month itself."""
    return Random(f"{seed}/{month}/{household}")  # noqa: S311 - a simulation keeps no secret


def stream_of(text: str) -> Random:
    """The stream that belongs to `text`, for example to an event's id."""
    return Random(text)  # noqa: S311 - a simulation keeps no secret


def lag(random: Random, median: float, sigma: float) -> float:
    """A log-normal delay in the unit of `median`."""
    return median * math.exp(random.gauss(0.0, sigma))


def pick(random: Random, weighted: Sequence[tuple[T, float]]) -> T:
    """One of the values; the weights add up to 1."""
    left = random.random()
    for value, weight in weighted:
        left -= weight
        if left < 0:
            return value
    return weighted[-1][0]
