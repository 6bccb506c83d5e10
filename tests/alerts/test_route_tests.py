"""Tests of the address book, and the command that asks it."""

from __future__ import annotations

import json
from importlib.resources import as_file, files
from pathlib import Path

import pytest

import alerts
from alerts.address_book import load_address_book
from alerts.route_tests import route_tests_schema, run_route_tests
from alerts.rules import load_rules
from bewithu.errors import DefinitionError
from schemas.indicators import load_indicators
from tests.command_line import CommandLine

RULES = {rule.id: rule for rule in load_rules(load_indicators(files("streams.indicators")))}
DEMO = files("alerts") / "demo_route_tests.yaml"


def test_the_demo_tells_whom_it_should() -> None:
    with as_file(DEMO) as path:
        outcomes = run_route_tests(path, RULES, load_address_book())
    assert len(outcomes) == 3
    assert [outcome.differences for outcome in outcomes] == [()] * 3


def test_the_published_json_schema_is_current() -> None:
    published = Path(alerts.__file__).parent / "route_tests.schema.json"
    assert json.loads(published.read_text("utf-8")) == route_tests_schema()


def case(folder: Path, text: str) -> Path:
    file = folder / "cases.yaml"
    file.write_text(text)
    return file


def test_what_differs_is_told_with_its_reason(tmp_path: Path) -> None:
    file = case(
        tmp_path,
        "tests:\n"
        "  - rule: agency_silent_country\n"
        "    area: BE\n"
        "    to: [gouverneur@liege.example.invalid, nobody@x.be, permanence@crisiscentre.example.invalid]\n"
        "    by: {permanence@crisiscentre.example.invalid: critical}\n",
    )
    (outcome,) = run_route_tests(file, RULES, load_address_book())
    assert outcome.differences == (
        "missing:    gouverneur@liege.example.invalid (BE is not in 60000)",
        "missing:    nobody@x.be (no coordinator has this address)",
        "unexpected: monitoring@iom.example.invalid (BE is the coordinator's area, by route data_quality)",
        "unexpected: permanentie@crisiscentre.example.invalid (BE is the coordinator's area, by route data_quality)",
        "another way: permanence@crisiscentre.example.invalid by data_quality, expected critical",
    )


def test_a_misspelt_rule_is_named_with_its_line_and_the_likely_one(tmp_path: Path) -> None:
    file = case(tmp_path, "tests:\n  - rule: agency_silent_contry\n    area: BE\n    to: []\n")
    with pytest.raises(DefinitionError, match=r"cases.yaml:2.*agency_silent_contry.*agency_silent_country"):
        run_route_tests(file, RULES, load_address_book())


def test_the_command_fails_when_a_case_does(bewithu: CommandLine, tmp_path: Path) -> None:
    with as_file(DEMO) as path:
        well = bewithu("rules", "routes", "test", str(path))
    assert (well.code, well.out.splitlines()[-1]) == (0, "3 passed, 0 failed")
    file = case(tmp_path, "tests: [{rule: agency_silent_country, area: BE, to: []}]\n")
    failed = bewithu("rules", "routes", "test", str(file), "--json")
    assert failed.code == 1
    (record,) = failed.document
    assert (record["passed"], record["line"], len(record["differences"])) == (False, 1, 3)


def test_it_says_who_would_hear_of_an_alert_and_who_would_not(bewithu: CommandLine) -> None:
    found = bewithu("rules", "routes", "ask", "agency_silent_country", "BE", "--json").document
    told = {record["coordinator"]: record["told"] for record in found}
    assert sum(told.values()) == 3
    assert not told["opvang@flanders.example.invalid"]
    shown = bewithu("rules", "routes", "show").out
    assert "data_quality" in shown
    assert "domain=data-quality" in shown
