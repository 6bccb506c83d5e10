"""Someone who has every published number, and works out by linear arithmetic what was suppressed.

What is not known are the events by municipality, sex and day. Each published number says between which bounds a sum of
them lies. The least and the most that a suppressed sum can be under all these bounds are two linear programs; where
both are the same whole number, it is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_matrix, vstack


@dataclass(frozen=True, slots=True)
class Bound:
    """The sum of the unknowns `of` lies between two numbers."""

    of: tuple[int, ...]
    least: float
    most: float


class Attack:
    """`recover` tells what a sum can only be; None where it can be one number or another."""

    def __init__(self, bounds: Iterable[Bound], unknowns: int) -> None:
        rows = list(dict.fromkeys(bounds))
        columns = [each for bound in rows for each in bound.of]
        ends = np.cumsum([0, *(len(bound.of) for bound in rows)])
        sums = csr_matrix((np.ones(len(columns)), columns, ends), shape=(len(rows), unknowns))
        self._matrix = vstack([sums, -sums]).tocsr()
        self._limits = np.array([bound.most for bound in rows] + [-bound.least for bound in rows])
        self._unknowns = unknowns

    def recover(self, of: Sequence[int]) -> int | None:
        goal = np.zeros(self._unknowns)
        goal[list(of)] = 1
        least = ceil(self._solve(goal) - 1e-6)
        most = floor(-self._solve(-goal) + 1e-6)
        assert least <= most
        return least if least == most else None

    def _solve(self, goal: np.ndarray) -> float:
        answer = linprog(goal, A_ub=self._matrix, b_ub=self._limits, bounds=(0, None), method="highs")
        assert answer.success, answer.message
        return float(answer.fun)
