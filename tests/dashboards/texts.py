"""The queries that are in the dashboards' JSON, as Grafana finds them there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dashboards.grafana.build import DASHBOARDS, files
from dashboards.grafana.sources import CLICKHOUSE


@dataclass(frozen=True)
class Query:
    """Of a panel or of an annotation, which is of the type `annotations`."""

    place: str
    type: str
    format: str
    ref_id: str
    sql: str


def models() -> dict[str, Any]:
    return {name: json.loads(files()[f"{name}.json"]) for name in DASHBOARDS}


def queries() -> Iterator[Query]:
    for name, model in models().items():
        for panel in model["panels"]:
            for target in panel["targets"]:
                if target["datasource"]["uid"] == CLICKHOUSE.uid:
                    place = f"{name}-{panel['id']}{target['refId']}"
                    yield Query(place, panel["type"], target["queryType"], target["refId"], target["rawSql"])
        for mark in model["annotations"].get("list", []):
            target = mark["target"]
            yield Query(f"{name}-{mark['name']}", "annotations", "table", target["refId"], target["rawSql"])


def variable_queries() -> Iterator[tuple[str, str]]:
    for name, model in models().items():
        for variable in model["templating"].get("list", []):
            if variable["type"] == "query":
                yield f"{name}-{variable['name']}", variable["query"]
