"""Which cells must not be published, because a person could be recognised in them (law 6). Pure functions.

A cell is one value of one indicator on one day. Suppressed are counts above zero and below the minimum, and then
as many others as keep those from being worked out by subtraction: between the children of one area, and between
the breakdowns of one total. docs/decisions/0005-small-cells.md says what this does not cover yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from schemas.areas import ancestors, children
from schemas.areas import area as area_of

#: Counts by area, of one indicator, breakdown and day.
Counts = Mapping[str, float]


def is_small(count: float, minimum: int) -> bool:
    """Zero tells nothing about anybody and may be shown."""
    return 0 < count < minimum


def group_of(area: str) -> tuple[str, ...]:
    """The areas that make up the parent of `area`, itself included; the country is alone."""
    parent = area_of(area).parent
    return (area,) if parent is None else children(parent)


def deciding_group(area: str) -> tuple[str, ...]:
    """The group of `area`; of an only child, whose figures are its parent's, the group that decides for that."""
    for place in ancestors(area):
        group = group_of(place)
        if len(group) > 1:
            return group
    return group_of(ancestors(area)[-1])


def needed_areas(areas: Iterable[str]) -> frozenset[str]:
    """The areas whose counts decide whether `areas` may be published: all that make up one around them."""
    needed: set[str] = set()
    for area in areas:
        for place in ancestors(area):
            if place in needed:
                break
            needed.update(group_of(place))
    return frozenset(needed)


def suppressed_areas(areas: Iterable[str], counts: Counts, minimum: int) -> frozenset[str]:
    """Those of `areas` that may not be published; `counts` has at least `needed_areas`, missing ones are zero."""
    judged: dict[str, bool] = {}
    return frozenset(area for area in areas if _is_hidden(area, counts, minimum, judged))


def suppressed_parts(counts: Mapping[str, float], minimum: int) -> frozenset[str]:
    """Of the parts of one total, those that may not be published."""
    return with_complement(counts, lambda part: is_small(counts[part], minimum))


def with_complement(
    counts: Mapping[str, float], hidden: Callable[[str], bool], total_is_hidden: bool = False
) -> frozenset[str]:
    """The hidden parts of a total; the next smallest with them where a sum would have one unknown only.

    A hidden total is such an unknown: if all of its parts were shown, they would add up to it.
    Ties go by name, so that the same cell is chosen whoever asks.
    """
    chosen = frozenset(part for part in counts if hidden(part))
    others = sorted((count, part) for part, count in counts.items() if part not in chosen and count > 0)
    if len(chosen) + total_is_hidden == 1 and others:
        return chosen | {others[0][1]}
    return chosen


def _is_hidden(area: str, counts: Counts, minimum: int, judged: dict[str, bool]) -> bool:
    """Judges the whole group of `area` at once, after its parent."""
    if area not in judged:
        parent = area_of(area).parent
        parent_is_hidden = parent is not None and _is_hidden(parent, counts, minimum, judged)
        group = {member: counts.get(member, 0) for member in group_of(area)}
        hidden = with_complement(group, lambda member: is_small(group[member], minimum), parent_is_hidden)
        judged.update({member: member in hidden for member in group})
    return judged[area]
