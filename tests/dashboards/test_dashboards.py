"""What Grafana is given: whole, up to date, within its grid, and reading published data alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest
import yaml

from dashboards.grafana.boundaries import holds
from dashboards.grafana.build import BORDERS, DASHBOARDS, FOLDER, files
from dashboards.grafana.geography import BORDERS as BORDERS_ADDRESS
from dashboards.grafana.panels import WIDTH
from schemas.areas import Level, areas_of_level, is_within
from sinks.clickhouse.migrate import migrations
from tests.dashboards.texts import models, queries, variable_queries

PROVISIONING = FOLDER.parent / "provisioning"
FOUND = models()


def panels() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, model in FOUND.items():
        for panel in model["panels"]:
            yield f"{name}-{panel['id']}", panel


PANELS = dict(panels())


def sources() -> dict[str, dict[str, Any]]:
    text = (PROVISIONING / "datasources/bewithu.yaml").read_text("utf-8")
    return {each["uid"]: each for each in yaml.safe_load(text)["datasources"]}


def published_views() -> set[str]:
    text = "\n".join(migration.text for migration in migrations())
    return set(re.findall(r"CREATE VIEW IF NOT EXISTS (published_\w+) SQL SECURITY DEFINER", text))


def test_what_is_committed_is_what_the_code_makes() -> None:
    """If not: python -m dashboards.grafana"""
    assert {path.name: path.read_text("utf-8") for path in FOLDER.iterdir()} == dict(files())


def test_dashboards_have_fixed_uids_and_no_other_source() -> None:
    assert {model["uid"] for model in FOUND.values()} == {f"bewithu-{name}" for name in DASHBOARDS}
    named = re.findall(r'"uid": "([^"]+)"', json.dumps(FOUND))
    assert set(named) - {model["uid"] for model in FOUND.values()} == set(sources())


@pytest.mark.parametrize("place", PANELS)
def test_a_panel_says_what_it_shows(place: str) -> None:
    panel = PANELS[place]
    assert panel["title"].strip()
    assert panel["description"].strip().endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["datasource"]["uid"] in sources()
    assert panel["targets"]
    assert all(target["datasource"] == panel["datasource"] for target in panel["targets"])
    assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


@pytest.mark.parametrize("name", FOUND)
def test_no_panel_lies_on_another_or_beyond_the_grid(name: str) -> None:
    boxes = [panel["gridPos"] for panel in FOUND[name]["panels"]]
    assert all(box["x"] + box["w"] <= WIDTH and box["h"] > 2 for box in boxes)
    for one, other in combinations(boxes, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or above, (one, other)


def test_queries_read_published_views_and_nothing_else() -> None:
    views = published_views()
    texts = [query.sql for query in queries()] + [sql for _, sql in variable_queries()]
    read = {table for text in texts for table in re.findall(r"\b(?:FROM|JOIN)\s+([\w.`\"]+)", text)}
    assert read <= views | {"numbers"}
    # Every view is looked at, or it would tell something to nobody.
    assert read >= views


def test_queries_change_nothing_and_set_nothing() -> None:
    """A reader with `readonly = 1` may set nothing."""
    for sql in [query.sql for query in queries()] + [sql for _, sql in variable_queries()]:
        assert re.match(r"(SELECT|WITH)\b", sql)
        assert not re.search(r"\b(SETTINGS|INSERT|ALTER|DROP|INTO|system\.)", sql)


def test_what_readers_choose_is_quoted() -> None:
    for sql in [query.sql for query in queries()] + [sql for _, sql in variable_queries()]:
        assert set(re.findall(r"\$\{\w+(:\w+)?\}", sql)) <= {":singlequote"}


def test_variables_that_queries_name_are_on_their_dashboard() -> None:
    for name, model in FOUND.items():
        offered = {variable["name"] for variable in model["templating"].get("list", [])}
        named = set(re.findall(r"\$\{(\w+):", json.dumps(model)))
        assert named == offered, name


def test_passwords_are_in_files_of_their_own() -> None:
    secrets = [value for source in sources().values() for value in source.get("secureJsonData", {}).values()]
    assert secrets
    assert all(re.fullmatch(r"\$__file\{/run/secrets/\w+\}", value) for value in secrets)
    assert sources()["bewithu-clickhouse"]["jsonData"]["username"] == "bewithu_grafana"


def test_borders_are_those_of_the_provinces_and_brussels() -> None:
    document = json.loads(files()[BORDERS])
    codes = {area.code for area in areas_of_level(Level.PROVINCE)} | {"04000"}
    assert {feature["id"] for feature in document["features"]} == codes
    assert BORDERS_ADDRESS.endswith(f"/{BORDERS}")
    positions = [
        position
        for feature in document["features"]
        for polygon in feature["geometry"]["coordinates"]
        for ring in polygon
        for position in ring
    ]
    assert all(2 < longitude < 7 and 49 < latitude < 52 for longitude, latitude in positions)
    assert "CC BY 4.0" in document["attribution"]
    geomap = next(panel for panel in PANELS.values() if panel["type"] == "geomap")
    assert document["attribution"] in geomap["description"]


def test_municipalities_lie_within_the_borders_of_their_province() -> None:
    """Of those drawn as holes and islands, and of Herstappe, whose point is beyond its border, few are left out."""
    document = json.loads(files()[BORDERS])
    borders = {each["id"]: each["geometry"]["coordinates"] for each in document["features"]}
    outside = []
    for place in areas_of_level(Level.MUNICIPALITY):
        home = next(code for code in borders if is_within(place.code, code))
        point = (place.longitude, place.latitude)
        inside = any(
            holds(rings[0], point) and not any(holds(hole, point) for hole in rings[1:])
            for rings in borders[home]
        )
        outside += [] if inside else [place.code]
    assert len(outside) <= 3, outside
