"""Joins and simplifies areas that share borders, so that neighbours keep touching.

A ring is a closed line of points without the first one repeated at the end; a ring around a hole runs the
other way round than one around an area. Neighbours must share the very same points, as NGI's layers do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import hypot

Point = tuple[float, float]
Ring = tuple[Point, ...]


def dissolve(rings: Iterable[Ring]) -> tuple[Ring, ...]:
    """The border of the union of areas: what two of them share drops out."""
    edges: dict[tuple[Point, Point], None] = {}
    for ring in rings:
        for start, end in _edges(ring):
            if (end, start) in edges:  # the neighbour walks the same edge in the other direction
                del edges[end, start]
            else:
                edges[start, end] = None
    return _trace(edges)


def simplify(areas: Mapping[str, Sequence[Ring]], tolerance: float) -> dict[str, tuple[Ring, ...]]:
    """Every area with fewer points, none of its former points further than `tolerance` from its new border.

    Borders are cut at junctions, where three or more lines meet, and each piece is simplified by itself, in
    one fixed direction: so both neighbours get the same piece. A ring of fewer than three points is dropped.
    """
    junctions = _junctions(ring for rings in areas.values() for ring in rings)
    simplified = {}
    for code, rings in areas.items():
        thinned = (_simplify_ring(ring, junctions, tolerance) for ring in rings)
        simplified[code] = tuple(ring for ring in thinned if len(ring) >= 3)
    return simplified


def area(ring: Ring) -> float:
    """The area inside a ring, in squared units of its points: its sign tells the direction."""
    return sum(start[0] * end[1] - end[0] * start[1] for start, end in _edges(ring)) / 2


def _edges(ring: Ring) -> Iterable[tuple[Point, Point]]:
    return ((start, end) for start, end in pairwise((*ring, ring[0])) if start != end)


def _trace(edges: Iterable[tuple[Point, Point]]) -> tuple[Ring, ...]:
    onward: dict[Point, list[Point]] = {}
    for start, end in edges:
        onward.setdefault(start, []).append(end)
    rings = []
    while onward:
        first = point = next(iter(onward))
        ring = []
        while True:
            ring.append(point)
            ends = onward[point]
            following = ends.pop()
            if not ends:
                del onward[point]
            point = following
            if point == first:
                break
        rings.append(tuple(ring))
    return tuple(rings)


def _junctions(rings: Iterable[Ring]) -> frozenset[Point]:
    neighbours: dict[Point, set[Point]] = {}
    for ring in rings:
        for start, end in _edges(ring):
            neighbours.setdefault(start, set()).add(end)
            neighbours.setdefault(end, set()).add(start)
    return frozenset(point for point, around in neighbours.items() if len(around) != 2)


def _simplify_ring(ring: Ring, junctions: frozenset[Point], tolerance: float) -> Ring:
    cuts = [index for index, point in enumerate(ring) if point in junctions]
    # An island, or a hole that one neighbour fills: both sides start from the same point.
    start = cuts[0] if cuts else ring.index(min(ring))
    turned = (*ring[start:], *ring[:start], ring[start])
    ends = [index - start for index in cuts] or [0]
    pieces = [turned[begin : end + 1] for begin, end in pairwise([*ends, len(ring)])]
    return tuple(point for piece in pieces for point in _simplify_piece(piece, tolerance)[:-1])


def _simplify_piece(piece: Ring, tolerance: float) -> Ring:
    backwards = piece[::-1]
    if backwards < piece:
        return _douglas_peucker(backwards, tolerance)[::-1]
    return _douglas_peucker(piece, tolerance)


def _douglas_peucker(line: Ring, tolerance: float) -> Ring:
    """Keeps both ends, and the furthest point of each stretch as long as it is further than the tolerance."""
    kept = {0, len(line) - 1}
    stretches = [(0, len(line) - 1)]  # a stack: borders are longer than Python's recursion limit
    while stretches:
        begin, end = stretches.pop()
        if end - begin < 2:
            continue
        distance, furthest = max(
            (_distance(line[index], line[begin], line[end]), index) for index in range(begin + 1, end)
        )
        if distance > tolerance:
            kept.add(furthest)
            stretches += [(begin, furthest), (furthest, end)]
    return tuple(line[index] for index in sorted(kept))


def _distance(point: Point, begin: Point, end: Point) -> float:
    """From a point to the nearest point of a segment, which may be of no length."""
    dx, dy = end[0] - begin[0], end[1] - begin[1]
    px, py = point[0] - begin[0], point[1] - begin[1]
    length_squared = dx * dx + dy * dy
    along = max(0.0, min(1.0, (px * dx + py * dy) / length_squared)) if length_squared else 0.0
    return hypot(px - along * dx, py - along * dy)
