"""Series of values in the shorthand of Prometheus' rule tests.

3 5 8        as they are          _            no value
4x3          4, and three times more           _x3          no value, three times
1+2x3        1 3 5 7                           10-3x2       10 7 4
"""

from __future__ import annotations

import re
from typing import Final

from pydantic_core import PydanticCustomError

Values = tuple[float | None, ...]

_NUMBER: Final = r"-?[0-9]+(?:\.[0-9]+)?"
_PIECE: Final = re.compile(
    rf"(?P<gap>_)(?:x(?P<gaps>[0-9]+))?|(?P<first>{_NUMBER})(?:(?P<step>[+-][0-9]+(?:\.[0-9]+)?)?x(?P<more>[0-9]+))?"
)
#: A slip of the hand must not fill the memory.
_MOST: Final = 10_000


def parse_series(text: str) -> Values:
    """Raises ValueError, and says which piece is wrong."""
    values: list[float | None] = []
    for piece in text.split():
        found = _PIECE.fullmatch(piece)
        count = int(found["gaps"] or found["more"] or 1) if found else 0
        if found is None or count > _MOST:
            raise PydanticCustomError(
                "series",
                "expected values such as 3, _ (no value), 4x3 (4, thrice more) or 1+2x3 (1 3 5 7), got {piece}",
                {"piece": repr(piece)},
            )
        if found["gap"]:
            values += [None] * count
        else:
            first, step = float(found["first"]), float(found["step"] or 0)
            values += [first + step * number for number in range(int(found["more"] or 0) + 1)]
    return tuple(values)
