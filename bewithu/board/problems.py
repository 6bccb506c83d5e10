"""A request that cannot be answered as it was asked, and what was expected instead."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from bewithu.errors import BewithuError


class RequestProblem(BewithuError):
    """A field of the address is wrong. `status`: 400 when it is no such thing at all, 404 when there is none.

    `field`: the query parameter or the part of the path. `nearest`: values that would work and look like `value`.
    """

    def __init__(
        self, status: int, field: str, value: str, expected: str, nearest: tuple[str, ...] = ()
    ) -> None:
        self.status = status
        self.field = field
        self.value = value
        self.expected = expected
        self.nearest = nearest
        hint = f"; did you mean {' or '.join(map(repr, nearest))}?" if nearest else ""
        super().__init__(f"{field} {value!r}: expected {expected}{hint}")


def nearest_of(text: str, known: Iterable[str]) -> tuple[str, ...]:
    """Up to two of the known words that look like the text."""
    by_folded = {word.casefold(): word for word in known}
    found = get_close_matches(text.casefold()[:100], list(by_folded), n=2, cutoff=0.6)
    return tuple(by_folded[word] for word in found)
