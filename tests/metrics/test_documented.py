"""What is exported is what docs/metrics.md tells and what rules and dashboards ask for: neither more nor less."""

from __future__ import annotations

import json
from collections.abc import Iterator
from time import monotonic
from typing import Any

import pytest
import yaml

from tests.metrics.stage import ROOT, Stage, documented, exported, functions_aside, metric_names, readings
from tests.parts.prometheus import promtool

RULES = sorted((ROOT / "dashboards" / "prometheus" / "rules").glob("*.yml"))
BOARDS = sorted((ROOT / "dashboards" / "grafana").rglob("*.json"))


@pytest.fixture(scope="module")
def answer() -> str:
    """Of a leader that knows everything."""
    stage = Stage()
    stage.observation.readings = readings(monotonic())
    return stage.text()


def test_every_metric_is_documented_with_its_type_and_labels_and_no_other(answer: str) -> None:
    assert documented() == exported(answer)


def test_promtool_finds_nothing_to_say_about_names_and_units(answer: str) -> None:
    assert promtool("check", "metrics", given=answer) == ""


def recorded() -> frozenset[str]:
    rules = [
        rule for path in RULES for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]
    ]  # fmt: skip
    return frozenset(rule["record"] for rule in rules if "record" in rule)


def test_rules_ask_for_nothing_that_is_not_exported_or_recorded(answer: str) -> None:
    asked = {
        (path.name, name)
        for path in RULES
        for group in yaml.safe_load(path.read_text())["groups"]
        for rule in group["rules"]
        for name in functions_aside(sorted(metric_names(rule["expr"])))
    }
    assert len(asked) > 20
    known = exported(answer).keys() | recorded()
    assert {each for each in asked if each[1] not in known} == set()


def expressions(node: Any) -> Iterator[str]:
    """Everything in a dashboard that is PromQL."""
    match node:
        case dict():
            source = node.get("datasource")
            of_clickhouse = isinstance(source, dict) and "clickhouse" in str(source.get("type"))
            if isinstance(node.get("expr"), str) and not of_clickhouse:
                yield node["expr"]
            for each in node.values():
                yield from expressions(each)
        case list():
            for each in node:
                yield from expressions(each)
        case str() if node.startswith("label_values(") and "," in node:
            yield node.removeprefix("label_values(").rpartition(",")[0]


def test_dashboards_ask_for_nothing_that_is_not_exported_or_recorded(answer: str) -> None:
    known = exported(answer).keys() | recorded()
    asked = {
        (path.name, name)
        for path in BOARDS
        for expression in expressions(json.loads(path.read_text()))
        for name in functions_aside(sorted(metric_names(expression)))
    }
    assert {each for each in asked if each[1] not in known} == set()


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ('sum by (topic) (rate(a_total{job="b", x=~"c|d"}[5m])) > 0.05 * e:f:sum', {"a_total", "e:f:sum"}),
        ("histogram_quantile(0.95, sum by (le) (rate(a_seconds_bucket[$__rate_interval])))", {"a_seconds"}),
        ("(a or vector(0)) == 3 * 1024 ^ 3 unless on (b) c < 1e9", {"a", "c"}),
        ("a offset 5m and ignoring (x) group_left (y) b", {"a", "b"}),
    ],
)
def test_the_names_in_an_expression_are_found(expression: str, names: set[str]) -> None:
    assert metric_names(expression) == names


def test_a_dashboards_expressions_are_found_wherever_they_are() -> None:
    board = {
        "panels": [{"targets": [{"expr": "a_total"}], "panels": [{"targets": [{"expr": "b"}]}]}],
        "templating": {"list": [{"query": {"query": 'label_values(c{x="y"}, agency)'}}]},
    }
    assert sorted(expressions(board)) == ["a_total", "b", 'c{x="y"}']
