"""Rules are tried on values in a shorthand; what differs from what was expected is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

import alerts
from alerts.notation import parse_series
from alerts.rule_tests import files_in, rule_tests_schema, run_tests
from alerts.rules import Rule, load_rules
from bewithu.errors import DefinitionError
from schemas.indicators import load_indicators
from tests.alerts.samples import LIEGE, book, coordinator, rule
from tests.command_line import CommandLine

SHIPPED = Path(alerts.__file__).parent / "rules" / "tests"
DEFINED = load_indicators(files("streams.indicators"))
DELAYS = {name: found.usual_delay_days for name, found in DEFINED.items()}
ANN = coordinator("ann@x.be", LIEGE)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("3 5.5 -8", (3, 5.5, -8)),
        ("1 _ 2 _x2", (1, None, 2, None, None)),
        ("4x3", (4, 4, 4, 4)),
        ("4x0", (4,)),
        ("1+2x3", (1, 3, 5, 7)),
        ("10-3.5x2 1", (10, 6.5, 3, 1)),
        ("-2+1x2", (-2, -1, 0)),
        ("", ()),
    ],
)
def test_series_are_read_as_prometheus_writes_them(text: str, values: tuple[float | None, ...]) -> None:
    assert parse_series(text) == values


@pytest.mark.parametrize("piece", ["x3", "1+x3", "1e3", "1+2", "__", "_3", "4x", "4x99999", "1,2"])
def test_a_wrong_piece_of_a_series_is_named(piece: str) -> None:
    with pytest.raises(ValueError, match="expected values such as 3") as caught:
        parse_series(f"1 {piece} 2")
    assert str(caught.value).endswith(f"got {piece!r}")


def test_our_own_rules_pass_their_tests_and_each_has_one(bewithu: CommandLine) -> None:
    answer = bewithu("rules", "test", "--json")
    assert answer.code == 0
    assert [found["differences"] for found in answer.document if not found["passed"]] == []
    assert {found["rule"] for found in answer.document} == {each.id for each in load_rules(DEFINED)}


def test_the_published_json_schema_is_current() -> None:
    published = SHIPPED.parents[1] / "rule_tests.schema.json"
    assert json.loads(published.read_text("utf-8")) == rule_tests_schema()


def outcome(folder: Path, watched: Rule, test: Mapping[str, Any]) -> list[str]:
    fields = {"name": "a test", "rule": watched.id, "start": "2022-03-01", "steps": []} | test
    path = folder / "tests.yaml"
    path.write_text(yaml.safe_dump({"tests": [fields]}), "utf-8")
    (found,) = run_tests(path, {watched.id: watched}, DELAYS, book(ANN))
    return list(found.differences)


def test_what_is_missing_and_what_was_not_expected_is_told_with_its_reason(tmp_path: Path) -> None:
    watched = rule(for_="0s", provisional=True)
    expected = [{"day": "2022-03-02", "area": LIEGE, "kind": "firing"}]
    told = outcome(tmp_path, watched, {"values": {LIEGE: "200 100"}, "steps": expected, "mails": []})
    assert told == [
        "missing:    2022-03-02 60000 firing",
        "unexpected: 2022-03-01 60000 firing (200 is above 150)",
        "unexpected: 2022-03-02 60000 resolved (100 is not above 150)",
        "unexpected: mail to ann@x.be: 2022-03-01 60000 firing",
        "unexpected: mail to ann@x.be: 2022-03-02 60000 resolved",
    ]


def test_values_of_other_indicators_of_areas_around_and_sides_can_be_given(tmp_path: Path) -> None:
    freshness = {"below": 3, "indicator": "freshness_housing_change"}
    watched = rule(
        condition={"all": [{"times_above": 2, "to": "parent"}, freshness]},
        minimum={"denominator": 30},
        for_="0s",
    )
    given = {
        "values": {LIEGE: "9x2", "03000": "4x2"},
        "others": {"freshness_housing_change": {LIEGE: "5 1 1"}},
        "denominators": {LIEGE: "99 29 30"},
    }
    steps = [{"day": "2022-03-03", "area": LIEGE, "kind": "firing"}]
    assert outcome(tmp_path, watched, {**given, "steps": steps}) == []


def test_a_rule_that_waits_for_complete_data_judges_each_day_once(tmp_path: Path) -> None:
    steps = [
        {"day": f"2022-03-0{day}", "area": LIEGE, "kind": kind}
        for day, kind in ((1, "pending"), (3, "firing"))
    ]
    assert outcome(tmp_path, rule(), {"values": {LIEGE: "200x4"}, "steps": steps}) == []


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("rule: arrivals_high", "rule: arrival_high", "tests.0.rule: no rule has the id 'arrival_high' "
         "(did you mean 'arrivals_high'?)"),
        ("'60000': '1'", "'60001': '1'", "tests.0.values.60001: "),
        ("'60000': '1'", "'60000': 1x", "tests.0.values.60000: expected values such as"),
        ("start: '2022-03-01'", "start: March", "tests.0.start: "),
        ("kind: firing", "kind: fired", "tests.0.steps.0.kind: "),
        ("name: a test", "nam: a test", "tests.0.nam: is not a field of this definition (did you mean 'name'?)"),
    ],
)  # fmt: skip
def test_a_wrong_test_is_refused_with_its_place(tmp_path: Path, right: str, wrong: str, message: str) -> None:
    good = {
        "name": "a test", "rule": "arrivals_high", "start": "2022-03-01", "values": {LIEGE: "1"},
        "steps": [{"day": "2022-03-01", "area": LIEGE, "kind": "firing"}],
    }  # fmt: skip
    text = yaml.safe_dump({"tests": [good]})
    assert right in text
    path = tmp_path / "tests.yaml"
    path.write_text(text.replace(right, wrong), "utf-8")
    with pytest.raises(DefinitionError) as caught:
        list(run_tests(path, {"arrivals_high": rule()}, DELAYS, book(ANN)))
    assert message in str(caught.value)


def test_a_failed_test_is_shown_and_the_command_says_no(bewithu: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "tests:\n  - {name: too much, rule: registrations_country, start: 2022-03-01, values: {BE: 3001}, steps: []}\n"
    )
    answer = bewithu("rules", "test", str(path))
    assert answer.code == 1
    assert answer.out.splitlines() == [
        f"FAILED  too much ({path}:2)",
        "          unexpected: 2022-03-01 BE pending (3001 is above 3000; fires when it has held for 2d)",
        "0 passed, 1 failed",
    ]


def test_a_folder_without_tests_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="has no rule tests"):
        files_in(tmp_path / "nowhere")
