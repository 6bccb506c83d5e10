"""All that is generated, as text by the name of its file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from dashboards.grafana import agencies, alerts, indicator, pipeline, situation
from dashboards.grafana.boundaries import geojson

FOLDER: Final = Path(__file__).with_name("json")
DASHBOARDS: Final[Mapping[str, Callable[[], Dashboard]]] = {
    "situation": situation.build,
    "indicator": indicator.build,
    "agencies": agencies.build,
    "alerts": alerts.build,
    "pipeline": pipeline.build,
}
BORDERS: Final = "bewithu-provinces.geojson"


def files() -> Mapping[str, str]:
    """The same whenever nothing changed."""
    return {f"{name}.json": _text(build()) for name, build in DASHBOARDS.items()} | {BORDERS: geojson()}


def _text(dashboard: Dashboard) -> str:
    model = json.loads(json.dumps(dashboard.build(), cls=JSONEncoder))
    _number(model["panels"])
    return json.dumps(model, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _number(panels: list[dict[str, Any]]) -> None:
    """So that links to a panel stay as they are when Grafana reads the file again."""
    for number, panel in enumerate(panels, 1):
        panel["id"] = number
