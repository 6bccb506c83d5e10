"""The small map: outlines of the provinces and Brussels, and where a point lands on them.

Made by `build_outlines.py`; municipalities are drawn as circles at `project(latitude, longitude)`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import cos, radians


@dataclass(frozen=True, slots=True)
class Projection:
    """Equirectangular: true to scale along one parallel. x grows eastwards, y grows southwards, as in SVG.

    `west`, `north`: WGS 84 degrees of the view box's upper left corner. `parallel`: degrees of latitude.
    `scale`: units of the view box in one degree of latitude.
    """

    west: float
    north: float
    parallel: float
    scale: float

    def project(self, latitude: float, longitude: float) -> tuple[float, float]:
        """(x, y) in units of the view box."""
        x = (longitude - self.west) * cos(radians(self.parallel)) * self.scale
        return x, (self.north - latitude) * self.scale


@dataclass(frozen=True, slots=True)
class Outline:
    """One area's border: `path` is an SVG path (absolute `M`, `L`, `Z`), holes run the other way round."""

    code: str
    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Outlines:
    """The whole map. `view_box` is (0, 0, width, height); `attribution` must be shown wherever the map is."""

    view_box: tuple[int, int, int, int]
    projection: Projection
    outlines: tuple[Outline, ...]
    attribution: str


@cache
def outlines() -> Outlines:
    """The map as it is shipped."""
    text = resources.files("schemas.areas").joinpath("outlines.json").read_text(encoding="utf-8")
    document = json.loads(text)
    left, top, width, height = document["viewBox"]
    parameters = {name: value for name, value in document["projection"].items() if name != "kind"}
    return Outlines(
        view_box=(left, top, width, height),
        projection=Projection(**parameters),
        outlines=tuple(Outline(**each) for each in document["outlines"]),
        attribution=document["attribution"],
    )


def project(latitude: float, longitude: float) -> tuple[float, float]:
    """(x, y) of a point in WGS 84 degrees, in units of the shipped map's view box."""
    return outlines().projection.project(latitude, longitude)
