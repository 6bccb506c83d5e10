"""Published values as arrays, and what is judged of them.

Axes: days are the last one, oldest first, and the last day is the one that is judged; areas come before it; before
these there may be others, as the moments of a backtest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from alerts.rules.conditions import Condition

Floats = npt.NDArray[np.float64]
Answers = npt.NDArray[np.int8]
Flags = npt.NDArray[np.bool_]

#: What a condition may be. `and` is the smallest of its parts, `or` the greatest: what is unknown stays so unless the
#: other part decides.
NO: Final = np.int8(0)
UNKNOWN: Final = np.int8(1)
YES: Final = np.int8(2)
#: What each stands for, by its number.
ANSWERS: Final[tuple[bool | None, ...]] = (False, None, True)


@dataclass(frozen=True, slots=True)
class Series:
    """One indicator in the areas of a level.

    `values`: (..., areas, days); NaN where nothing is published. `parents`: those of the areas that these lie in, of
    the same shape. `numerators`, `denominators`: (..., areas), of the judged day. `silent`: (..., areas), where nothing
    that was ever reported up to that day still counts, be it that nothing was or that all of it was taken back; False
    where this cannot be said, as of an indicator that is not worked out yet. `nothing`: what its value then is, 0 of a
    count and NaN of a share.
    """

    values: Floats
    parents: Floats
    numerators: Floats
    denominators: Floats
    silent: Flags
    nothing: float


#: By indicator.
Panel = Mapping[str, Series]


@dataclass(frozen=True, slots=True)
class Judged:
    """A condition in every area: all (..., areas). `holds`: whether an alert begins; `stays`: whether one that fires
    goes on. `bound`: the number that `value` is held against; NaN where there is none. `silent`: as in `Series`.

    `parts`: those of the conditions that it is made of.
    """

    condition: Condition
    value: Floats
    holds: Answers
    stays: Answers
    bound: Floats
    silent: Flags
    parts: tuple[Judged, ...] = ()
