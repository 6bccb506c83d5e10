"""Indicator definitions: the shipped ones load, a broken one is explained, a changed one restates its values."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from bewithu.errors import DefinitionError, Problem
from schemas.indicators import Flow, Indicators, Ratio, Stock, json_schema, load_indicators
from sinks.clickhouse.database import Database
from sinks.clickhouse.value_reader import ValueReader
from tests.events import Platform, benefit_grant, person, registration

SHIPPED = Path(str(files("streams.indicators")))
FLOW, STOCK, RATIO = "registrations_7d", "persons_protected", "share_protected_on_living_wage"


def test_all_shipped_definitions_load_under_the_name_of_their_file() -> None:
    loaded = load_indicators(SHIPPED)
    assert set(loaded) == {path.stem for path in SHIPPED.glob("*.yaml")}
    assert {type(indicator) for indicator in loaded.values()} >= {Flow, Stock, Ratio}


def test_the_published_json_schema_is_that_of_the_model() -> None:
    published = (SHIPPED / "indicator.schema.json").read_text("utf-8")
    assert published == json.dumps(json_schema(), indent=2) + "\n"


def problems_of(folder: Path) -> tuple[Problem, ...]:
    with pytest.raises(DefinitionError) as raised:
        load_indicators(folder)
    return raised.value.problems


# name: (definition, what is right, what is written instead, field, what the message says)
MISTAKES = {
    "a misspelt field": (FLOW, "window: 7d", "windw: 7d", "windw", "did you mean 'window'?"),
    "a misspelt language": (FLOW, "  en: ", "  eng: ", "name.eng", "did you mean 'en'?"),
    "an unknown event": (FLOW, "event: registration", "event: registratio", "event", "did you mean 'registration'?"),
    "a field that no event has": (FLOW, "{status:", "{statuss:", "filter.statuss", "did you mean 'status'?"),
    "a field without fixed values": (FLOW, "{status:", "{agency:", "filter.agency", "no enum field of registration"),
    "an unknown value": (FLOW, "[certified]", "[certifed]", "filter.status.0", "did you mean 'certified'?"),
    "an unknown value to enter": (STOCK, "renewed]", "renewd]", "enter.status.3", "did you mean 'renewed'?"),
    "an unknown value to leave": (STOCK, "[not_renewed,", "[not_renewd,", "leave.status.0", "'not_renewed'"),
    "a ratio of nothing": (
        RATIO, "denominator: persons_protected", "denominator: persons_protectd", "denominator",
        "did you mean 'persons_protected'?",
    ),
    "a ratio of a ratio": (RATIO, "numerator: persons_on_living_wage", f"numerator: {RATIO}", "numerator", RATIO),
    "a wrong kind": (FLOW, "kind: flow", "kind: flwo", "kind", "did you mean 'flow'?"),
    "a wrong unit": (FLOW, 'unit: "certificates"', 'unit: "papers"', "unit", "'persons', 'files', 'households'"),
    "a wrong breakdown": (FLOW, "[sex, age_group]", "[sex, agegroup]", "breakdowns.1", "did you mean 'age_group'?"),
    "a window of no days": (FLOW, "window: 7d", "window: 0d", "window", "expected days like 7d, hours like 48h"),
    "an id with a space": (FLOW, "id: registrations_7d", "id: registrations 7d", "id", "got 'registrations 7d'"),
    "a multiple for a count": (
        FLOW, "minimum_cell: 5", "round_to: 100", "round_to", "is for amounts",
    ),
    "a field given twice": (FLOW, "minimum_cell: 5", 'unit: "persons"', "unit", "is given twice"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_its_file_line_field_and_remedy(mistake: str, tmp_path: Path) -> None:
    name, right, wrong, field, words = MISTAKES[mistake]
    for path in SHIPPED.glob("*.yaml"):
        (tmp_path / path.name).write_text(path.read_text("utf-8"), "utf-8")
    broken = tmp_path / f"{name}.yaml"
    text = broken.read_text("utf-8")
    assert right in text
    line = text[: text.index(right)].count("\n") + 1
    broken.write_text(text.replace(right, wrong, 1), "utf-8")
    found = problems_of(tmp_path)
    assert any(
        (problem.file, problem.line, problem.field) == (str(broken), line, field) and words in problem.message
        for problem in found
    ), "\n".join(map(str, found))


def test_a_suggestion_for_a_side_of_a_ratio_is_never_a_ratio(tmp_path: Path) -> None:
    (tmp_path / "ratio.yaml").write_text((SHIPPED / f"{RATIO}.yaml").read_text("utf-8"), "utf-8")
    assert [(problem.field, "did you mean" in problem.message) for problem in problems_of(tmp_path)] == [
        ("numerator", False),
        ("denominator", False),
    ]


def test_every_mistake_in_every_file_is_told_at_once(tmp_path: Path) -> None:
    for name, right, wrong in (
        (FLOW, "window: 7d", "window: x"),
        (STOCK, "minimum_cell: 5", "cell: 5"),
    ):
        text = (SHIPPED / f"{name}.yaml").read_text("utf-8")
        (tmp_path / f"{name}.yaml").write_text(text.replace(right, wrong), "utf-8")
    assert {(Path(problem.file).stem, problem.field) for problem in problems_of(tmp_path)} == {
        (FLOW, "window"),
        (STOCK, "cell"),
    }


def test_an_id_that_another_file_has_is_refused(tmp_path: Path) -> None:
    for copy in ("first", "second"):
        (tmp_path / f"{copy}.yaml").write_text((SHIPPED / f"{FLOW}.yaml").read_text("utf-8"), "utf-8")
    (problem,) = problems_of(tmp_path)
    assert (problem.file, problem.line, problem.field) == (str(tmp_path / "second.yaml"), 1, "id")
    assert FLOW in problem.message


def test_text_that_is_not_yaml_is_refused_at_its_line(tmp_path: Path) -> None:
    (tmp_path / "torn.yaml").write_text("id: torn\nkind: [flow\n", "utf-8")
    (problem,) = problems_of(tmp_path)
    assert (problem.file, problem.line) == (str(tmp_path / "torn.yaml"), 3)
    assert "is not YAML" in problem.message


@pytest.mark.parametrize("text", ["", "- flow\n", "flow\n"])
def test_a_file_without_fields_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "bare.yaml").write_text(text, "utf-8")
    (problem,) = problems_of(tmp_path)
    assert problem.file == str(tmp_path / "bare.yaml")


def test_a_folder_without_definitions_is_refused(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path)
    assert problem.file == str(tmp_path)
    assert "no indicator definitions" in problem.message


def value_on(database: Database, indicators: Indicators, indicator: str, day: date) -> float | None:
    """The country's value on a day, None when there never was one."""
    found = ValueReader(database, indicators).daily([indicator], ["BE"], [""], day, day)[indicator]
    return found["value"].item() if found["known_at"].item() else None


# name: (the definition as changed, its value before, and after)
CHANGES: dict[str, tuple[dict[str, Any], float | None, float | None]] = {
    "a shorter window": ({"id": FLOW, "window": "3d"}, 2, 0),
    "a stock entered otherwise": ({"id": STOCK, "enter": {"status": ("renewed",)}}, 2, None),
    "a ratio of another numerator": ({"id": RATIO, "numerator": FLOW}, 0.5, 1),
    "a new ratio of known sides": ({"id": "share_anew"}, None, 0.5),
    "a new ratio the other way round": ({"id": "inverse", "numerator": STOCK, "denominator": FLOW}, None, 1),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_or_new_definition_restates_its_values_from_stored_facts(
    change: str, database: Database
) -> None:
    fields, before, after = CHANGES[change]
    moment, day = datetime(2025, 1, 1, 12, tzinfo=UTC), date(2025, 1, 5)
    shipped = load_indicators(SHIPPED)
    platform = Platform(database, shipped)
    platform.send(*(registration(person(number), moment) for number in range(2)))
    platform.send(benefit_grant(person(0), moment))
    platform.refresh()
    name = fields["id"]
    if name in shipped:
        assert value_on(database, shipped, name, day) == before
    changed = shipped.get(name, shipped[RATIO]).model_copy(update=fields)
    definitions = {**shipped, name: changed}
    later = Platform(database, definitions)
    later.clock.moment = platform.clock.now()
    later.refresh()
    assert value_on(database, definitions, name, day) == after


def test_an_amount_of_persons_needs_its_multiple(tmp_path: Path) -> None:
    """An amount that is told to the cent tells, with the one of the day before, what one person was granted."""
    for path in SHIPPED.glob("*.yaml"):
        (tmp_path / path.name).write_text(path.read_text("utf-8").replace("round_to: 10000\n", ""), "utf-8")
    found = problems_of(tmp_path)
    assert {Path(problem.file).stem for problem in found} == {
        "living_wage_amounts", "living_wage_granted_amount_month"
    }  # fmt: skip
    assert {problem.field for problem in found} == {"round_to"}
