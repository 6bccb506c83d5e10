"""The part of the map that is shown: all of Belgium, or what lies around some municipalities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.areas import Area
from schemas.areas.outlines import outlines, project

#: Every map is drawn in a box of this width, so that text and circles have one scale whatever is shown.
WIDTH = 1000.0

#: No closer than this many units of the whole map (about 11 km): single municipalities have no borders here.
CLOSEST = 40.0
ROOM = 0.16


@dataclass(frozen=True, slots=True)
class Frame:
    """`left`, `top`, `width` in units of the whole map; `height` in those of the box."""

    left: float
    top: float
    width: float
    height: float

    @property
    def scale(self) -> float:
        return WIDTH / self.width

    def inside(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the whole map falls in the box."""
        return (x - self.left) * self.scale, (y - self.top) * self.scale


def frame_around(places: Sequence[Area]) -> Frame:
    """The frame with all of these municipalities in it and some room around them; the whole map for none."""
    left, top, width, height = (float(number) for number in outlines().view_box)
    ratio = height / width
    if places:
        points = [
            project(place.latitude, place.longitude)
            for place in places
            if place.latitude is not None and place.longitude is not None
        ]
        xs, ys = [x for x, _ in points], [y for _, y in points]
        needed = max(max(xs) - min(xs), (max(ys) - min(ys)) / ratio, CLOSEST)
        width = needed * (1 + 2 * ROOM)
        left = (min(xs) + max(xs) - width) / 2
        top = (min(ys) + max(ys) - width * ratio) / 2
    return Frame(left, top, width, WIDTH * ratio)
