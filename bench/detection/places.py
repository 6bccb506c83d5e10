"""Municipalities, of today and of before the mergers, by the area that they lie in."""

from __future__ import annotations

from functools import cache

from schemas.areas import is_within, municipalities


@cache
def municipalities_in(area: str) -> list[str]:
    return [nis for nis, place in municipalities().items() if is_within(place.current_nis, area)]


def touches(area: str, place: str) -> bool:
    """Whether one lies in the other."""
    return is_within(area, place) or is_within(place, area)
