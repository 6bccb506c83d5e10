"""Which cells must not be published, because a person could be recognised in them (law 6). Pure functions.

A cell is one value of one indicator on one day. Suppressed are counts above zero and below the minimum, and then
as many others as keep those from being worked out by subtraction: between the children of one area, and between
the breakdowns of one total. docs/decisions/0005-small-cells.md says what this does not cover yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from schemas.areas import area as area_of
from schemas.areas import children

#: Counts by area, of one indicator, breakdown and day.
Counts = Mapping[str, float]


def is_small(count: float, minimum: int) -> bool:
    """Zero tells nothing about anybody and may be shown."""
    return 0 < count < minimum


def group_of(area: str) -> tuple[str, ...]:
    """The areas that make up the parent of `area`, itself included; the country is alone."""
    parent = area_of(area).parent
    return (area,) if parent is None else children(parent)


def needed_areas(areas: Iterable[str]) -> frozenset[str]:
    """The areas whose counts decide whether `areas` may be published."""
    needed: set[str] = set()
    for area in areas:
        while area not in needed:
            group = group_of(area)
            needed.update(group)
            parent = area_of(area).parent
            if len(group) > 1 or parent is None:
                break
            # An only child has its parent's count, so what hides the parent must hide it too.
            area = parent
    return frozenset(needed)


def suppressed_areas(areas: Iterable[str], counts: Counts, minimum: int) -> frozenset[str]:
    """Those of `areas` that may not be published; `counts` has at least `needed_areas`, missing ones are zero."""
    return frozenset(area for area in areas if _is_hidden(area, counts, minimum))


def suppressed_parts(counts: Mapping[str, float], minimum: int) -> frozenset[str]:
    """Of the parts of one total, those that may not be published."""
    return with_complement(counts, lambda part: is_small(counts[part], minimum))


def with_complement(counts: Mapping[str, float], hidden: Callable[[str], bool]) -> frozenset[str]:
    """The hidden parts of a total; where there is only one, the next smallest is hidden with it.

    Ties go by name, so that the same cell is chosen whoever asks.
    """
    chosen = frozenset(part for part in counts if hidden(part))
    others = sorted((count, part) for part, count in counts.items() if part not in chosen and count > 0)
    if len(chosen) == 1 and others:
        return chosen | {others[0][1]}
    return chosen


def _is_hidden(area: str, counts: Counts, minimum: int) -> bool:
    group = group_of(area)
    if len(group) == 1:
        parent = area_of(area).parent
        small = is_small(counts.get(area, 0), minimum)
        return small or (parent is not None and _is_hidden(parent, counts, minimum))
    within = {member: counts.get(member, 0) for member in group}
    return area in with_complement(within, lambda member: is_small(within[member], minimum))
