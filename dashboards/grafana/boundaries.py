"""The borders of the provinces and of Brussels as GeoJSON, which Grafana serves as a static file.

Municipalities are points there as on the board (`published_areas`): the repository has no borders of theirs.
"""

from __future__ import annotations

import json
from itertools import pairwise
from math import cos, radians

from schemas.areas.outlines import Outline, Outlines, Projection, outlines

Position = tuple[float, float]


def geojson() -> str:
    """A FeatureCollection in WGS 84 degrees; `attribution` must be shown wherever the map is."""
    shipped = outlines()
    document = {
        "type": "FeatureCollection",
        "attribution": shipped.attribution,
        "features": [_feature(each, shipped) for each in shipped.outlines],
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"


def _feature(outline: Outline, shipped: Outlines) -> dict[str, object]:
    rings = [_ring(part, shipped.projection) for part in outline.path.split("M") if part]
    return {
        "type": "Feature",
        "id": outline.code,
        "properties": {"code": outline.code, "name": outline.name},
        "geometry": {"type": "MultiPolygon", "coordinates": _polygons(rings)},
    }


def _ring(part: str, projection: Projection) -> list[Position]:
    pairs = (pair.split(",") for pair in part.rstrip("Z").split("L"))
    points = [_degrees(float(x), float(y), projection) for x, y in pairs]
    return [*points, points[0]]


def _degrees(x: float, y: float, projection: Projection) -> Position:
    """Longitude and latitude: `Projection.project` the other way round, to about ten metres."""
    longitude = x / (cos(radians(projection.parallel)) * projection.scale) + projection.west
    return round(longitude, 4), round(projection.north - y / projection.scale, 4)


def _polygons(rings: list[list[Position]]) -> list[list[list[Position]]]:
    """Holes run the other way round than what they are in; each goes to the polygon that it lies in."""
    largest = max(rings, key=lambda ring: abs(_area(ring)))
    outer = [ring for ring in rings if _area(ring) * _area(largest) > 0]
    polygons = [[_turned(ring, 1)] for ring in outer]
    for hole in (ring for ring in rings if ring not in outer):
        around = next(number for number, ring in enumerate(outer) if holds(ring, hole[0]))
        polygons[around].append(_turned(hole, -1))
    return polygons


def _turned(ring: list[Position], way: int) -> list[Position]:
    """GeoJSON's rule (RFC 7946): borders run against the clock, holes with it."""
    return ring if _area(ring) * way > 0 else ring[::-1]


def _area(ring: list[Position]) -> float:
    """In square degrees, positive against the clock."""
    return sum(x * other_y - other_x * y for (x, y), (other_x, other_y) in pairwise(ring)) / 2


def holds(ring: list[Position], point: Position) -> bool:
    """Whether the point lies inside the ring."""
    x, y = point
    crossed = [
        (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1
        for (x1, y1), (x2, y2) in pairwise(ring)
    ]
    return sum(crossed) % 2 == 1
