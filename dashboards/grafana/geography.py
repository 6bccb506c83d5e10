"""The map: a circle for each municipality whose surface stands for the value, over the borders of the provinces."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import geomap
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import geomap as geomap_model
from grafana_foundation_sdk.models.common import FrameGeometrySource, FrameGeometrySourceMode, MapLayerOptions

from dashboards.grafana.panels import COUNT, WIDTH, of_unit, unit_query
from dashboards.grafana.sources import CLICKHOUSE, table
from dashboards.grafana.sql import AREA, FEW, area_names, definition, on_day

#: Where Grafana serves the file of `boundaries.py` from, under its own address.
BORDERS: Final = "public/maps/bewithu-provinces.geojson"
#: No tiles are asked of anybody: a picture of one transparent point.
_NO_TILES: Final = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


def _municipalities(told: bool) -> str:
    """Those in the area, or around it where it is a municipality: with a value, or without one."""
    return f"""WITH {definition()},
    (SELECT any(if(level = 'municipality', within[2], area)) FROM published_areas WHERE area = {AREA}) AS shown
SELECT
    places.area AS area, named.name AS name, places.latitude AS latitude, places.longitude AS longitude,
    {"found.value AS value" if told else f"'{FEW}' AS told"}
FROM (SELECT * FROM published_areas WHERE level = 'municipality' AND has(within, shown)) AS places
INNER JOIN {area_names()} AS named ON named.id = places.area
LEFT JOIN {on_day("breakdown = ''")} AS found ON found.area = places.area
WHERE found.value IS {"NOT NULL" if told else "NULL"}
ORDER BY {"value DESC, " if told else ""}area"""


VALUES: Final = _municipalities(told=True)
NOT_TOLD: Final = _municipalities(told=False)


def map_panel(attribution: str) -> geomap.Panel:
    return (
        geomap.Panel()
        .title("${indicator:text} by municipality")
        .description(
            "On the last day of the period, in the chosen area or around the chosen municipality. The size of a "
            f"circle stands for the value; a small ring is {FEW}. Borders: {attribution}. "
            "Names: Statbel, CC BY 4.0, modified."
        )
        .datasource(CLICKHOUSE)
        .targets([table(VALUES, "A"), table(NOT_TOLD, "hidden"), unit_query()])
        .with_transformation(of_unit())
        .unit(COUNT)
        .view(geomap.MapViewConfig().id(geomap_model.MapCenterID.FIT).all_layers(True).padding(5))
        .controls(geomap.ControlsOptions().show_zoom(True).mouse_wheel_zoom(False).show_attribution(True))
        .basemap(_layer(MapLayerOptions("xyz", "No tiles", {"url": _NO_TILES, "attribution": attribution})))
        .layers([_layer(each) for each in (_borders(), _hidden(), _circles())])
        .tooltip(geomap.TooltipOptions().mode(geomap_model.TooltipMode.DETAILS))
        .span(WIDTH // 2)
        .height(14)
    )


def _borders() -> MapLayerOptions:
    style = {"color": {"fixed": "gray"}, "fill": {"fixed": "transparent"}, "opacity": 0.15, "lineWidth": 1}
    return MapLayerOptions(
        "geojson", "Provinces and Brussels", {"src": BORDERS, "style": style, "rules": []}, tooltip=False
    )


def _circles() -> MapLayerOptions:
    config = {
        "showLegend": True,
        "style": {
            "size": {"field": "value", "fixed": 5, "min": 2, "max": 40},
            "color": {"fixed": "dark-blue"},
            "opacity": 0.5,
            "symbol": {"mode": "fixed", "fixed": "img/icons/marker/circle.svg"},
        },
    }
    return _markers("Municipalities", config, "A")


def _hidden() -> MapLayerOptions:
    config = {
        "showLegend": False,
        "style": {
            "size": {"fixed": 2, "min": 2, "max": 2},
            "color": {"fixed": "gray"},
            "opacity": 0,
            "symbol": {"mode": "fixed", "fixed": "img/icons/marker/circle.svg"},
        },
    }
    return _markers("Less than a batch, or nothing", config, "hidden")


def _markers(name: str, config: object, ref_id: str) -> MapLayerOptions:
    where = FrameGeometrySource(FrameGeometrySourceMode.COORDS, latitude="latitude", longitude="longitude")
    of_query = {"id": "byRefId", "options": ref_id}
    return MapLayerOptions("markers", name, config, where, of_query, tooltip=True)


class _layer(Builder[MapLayerOptions]):  # noqa: N801 - reads as a function where it is used
    """A layer that is built already, where a builder is asked for."""

    def __init__(self, layer: MapLayerOptions) -> None:
        self._layer = layer

    def build(self) -> MapLayerOptions:
        return self._layer
