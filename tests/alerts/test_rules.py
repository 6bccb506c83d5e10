"""Rule files: ours are right, and a wrong one is refused with file, line, field and what was expected."""

from __future__ import annotations

import json
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import pytest

import alerts
from alerts.rules import load_rules, rules_schema
from alerts.rules.conditions import Above
from bewithu.errors import DefinitionError
from schemas.areas import LANGUAGES, Level
from schemas.indicators import load_indicators
from tests.alerts.samples import INDICATORS

GOOD = """\
id: arrivals_high
indicator: registrations_7d
level: country
condition: {above: 3000}
for: 12h
severity: warning
summary: {nl: a, fr: b, de: c, en: d}
action: {nl: a, fr: b, de: c, en: d}
"""

ONE_OF = "rule.yaml:4: condition: expected exactly one of above, below, rise, fall, "


def refusal(folder: Path, text: str) -> str:
    (folder / "rule.yaml").write_text(text, "utf-8")
    with pytest.raises(DefinitionError) as caught:
        load_rules(INDICATORS, folder)
    return str(caught.value).replace(f"{folder}/", "")


def test_our_own_rules_load_and_speak_four_languages() -> None:
    rules = load_rules(load_indicators(files("streams.indicators")))
    assert len(rules) >= 15
    for each in rules:
        for language in LANGUAGES:
            assert each.summary.in_language(language)
            assert each.action.in_language(language)


def test_the_published_json_schema_is_current() -> None:
    published = Path(alerts.__file__).parent / "rules.schema.json"
    assert json.loads(published.read_text("utf-8")) == rules_schema()


def test_a_rule_is_read_as_written(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(GOOD, "utf-8")
    (found,) = load_rules(INDICATORS, tmp_path)
    assert (found.id, found.level, found.for_) == ("arrivals_high", Level.COUNTRY, timedelta(hours=12))
    assert found.condition == Above(above=3000)
    assert found.summary.de == "c"


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("registrations_7d", "registration_7d", "rule.yaml:2: indicator: no indicator has the id 'registration_7d' "
         "(did you mean 'registrations_7d'?)"),
        ("level: country", "level: village", "rule.yaml:3: level: Input should be 'municipality', "),
        ("{above: 3000}", "{}", ONE_OF),
        ("{above: 3000}", "{above: 1, below: 2}", ONE_OF),
        ("{above: 3000}", "above", ONE_OF),
        ("{above: 3000}", "{abov: 1}", ONE_OF),
        ("{above: 3000}", "{above: '12'}", "rule.yaml:4: condition.above: Input should be a valid number, got '12'"),
        ("{above: 3000}", "{above: .nan}", "rule.yaml:4: condition.above: Input should be a finite number"),
        ("{above: 3000}", "{above: 1, at: 2}", "rule.yaml:4: condition.at: is not a field of this definition"),
        ("for: 12h", "for: 12", "rule.yaml:5: for: expected a duration such as 2d, 12h"),
        ("for: 12h\n", "", "rule.yaml:1: for: is missing"),
        ("warning", "urgent", "rule.yaml:6: severity: Input should be 'info', 'warning' or 'critical', got 'urgent'"),
        ("severity: warning", "severity: info\nseverty: info",
         "rule.yaml:7: severty: is not a field of this definition (did you mean 'severity'?)"),
        ("summary: {nl: a, fr: b, de: c, en: d}", "summary: {nl: a, fr: b, de: c}",
         "rule.yaml:7: summary.en: is missing"),
        ("id: arrivals_high", "id: Arrivals", "rule.yaml:1: id: String should match pattern"),
        ("id: arrivals_high", "id: [", "rule.yaml:3: is not YAML"),
    ],
)  # fmt: skip
def test_a_wrong_rule_is_refused_with_its_place(tmp_path: Path, right: str, wrong: str, message: str) -> None:
    assert right in GOOD
    assert message in refusal(tmp_path, GOOD.replace(right, wrong))


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD.replace("12h", "soon"), "utf-8")
    (tmp_path / "b.yaml").write_text(GOOD.replace("warning", "urgent").replace("3000", "many"), "utf-8")
    (tmp_path / "c.yaml").write_text(GOOD.replace("registrations_7d", "nothing"), "utf-8")
    told = refusal(tmp_path, GOOD.replace("12h", "later"))
    assert [line.split(": ")[:2] for line in told.splitlines()] == [
        ["a.yaml:5", "for"],
        ["b.yaml:4", "condition.above"],
        ["b.yaml:6", "severity"],
        ["c.yaml:2", "indicator"],
        ["rule.yaml:5", "for"],
    ]


def test_an_unknown_indicator_that_resembles_none_lists_those_there_are(tmp_path: Path) -> None:
    assert f"expected one of {', '.join(sorted(INDICATORS))}" in refusal(
        tmp_path, GOOD.replace("registrations_7d", "zzz")
    )


def test_two_rules_with_one_id_are_refused(tmp_path: Path) -> None:
    (tmp_path / "another.yaml").write_text(GOOD, "utf-8")
    told = refusal(tmp_path, GOOD)
    assert "rule.yaml:1: id: 'arrivals_high' is already the id of the rule in " in told
    assert told.endswith("another.yaml; ids are unique")


def test_a_folder_without_rules_is_refused_as_it_would_silence_every_alert(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="has no rules; expected one or more"):
        load_rules(INDICATORS, tmp_path)
    with pytest.raises(DefinitionError, match="nowhere: cannot be read: No such file or directory"):
        load_rules(INDICATORS, tmp_path / "nowhere")
