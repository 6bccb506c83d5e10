"""Files that people write: what is wrong is named with its line, its field and, for a slip, the right word."""

from __future__ import annotations

import tempfile
from pathlib import Path
from textwrap import dedent
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from bewithu.definitions import Source, read, suggestion, validate
from bewithu.errors import DefinitionError, Problem
from schemas.rules import Rule


class Window(BaseModel):
    model_config = ConfigDict(extra="forbid")

    days: int = Field(ge=1)


class Indicator(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str
    unit: Literal["persons", "places"]
    window: Window
    breakdowns: list[str] = []


class Above(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Literal["above"]
    value: float


class Silent(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Literal["silent"]
    days: int


Conditions = list[Annotated[Above | Silent, Field(discriminator="kind")]]


def source(text: str) -> Source:
    return Source("mine.yaml", dedent(text).lstrip("\n"))


def problems(text: str, model: Any) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        validate(source(text), model)
    assert str(caught.value) == "\n".join(map(str, caught.value.problems))
    return [str(problem) for problem in caught.value.problems]


WELL = """
    # a remark, and an empty line

    id: persons_housed
    unit: persons
    window: {days: 7}
    breakdowns:
      - sex
      - age_group
"""


def test_a_sound_file_becomes_the_model() -> None:
    assert validate(source(WELL), Indicator) == Indicator(
        id="persons_housed", unit="persons", window=Window(days=7), breakdowns=["sex", "age_group"]
    )


def test_every_place_in_a_file_has_its_line() -> None:
    lines = {
        (): 3, ("id",): 3, ("unit",): 4, ("window",): 5, ("window", "days"): 5,
        ("breakdowns",): 6, ("breakdowns", 0): 7, ("breakdowns", 1): 8,
    }  # fmt: skip
    assert {place: source(WELL).line(place) for place in lines} == lines


def test_a_place_that_is_missing_is_told_by_the_line_around_it() -> None:
    assert source(WELL).line(("window", "months")) == 5
    assert source(WELL).line(("breakdowns", 9)) == 6
    assert source(WELL).line(("publisher", "name")) == 3
    assert source("").line(("anything",)) == 1


@given(st.lists(st.sampled_from(["\n", "# remark\n", "  \n"]), max_size=6), st.integers(1, 5))
def test_lines_above_push_the_line_down(above: list[str], keys: int) -> None:
    text = "".join(above) + "".join(f"key{number}: {number}\n" for number in range(keys))
    found = Source("mine.yaml", text)
    assert [found.line((f"key{number}",)) for number in range(keys)] == [
        len(above) + 1 + number for number in range(keys)
    ]


def test_every_problem_is_told_with_file_line_and_field() -> None:
    text = """
        id: persons_housed
        unit: people
        window:
          days: 0
        colour: red
    """
    assert problems(text, Indicator) == [
        "mine.yaml:2: unit: Input should be 'persons' or 'places', got 'people'",
        "mine.yaml:4: window.days: Input should be greater than or equal to 1, got 0",
        "mine.yaml:5: colour: is not a field of this definition",
    ]


def test_a_misspelt_field_brings_the_right_word() -> None:
    text = """
        id: x
        unit: persons
        window: {days: 7}
        breakdown: [sex]
    """
    assert problems(text, Indicator) == [
        "mine.yaml:4: breakdown: is not a field of this definition (did you mean 'breakdowns'?)"
    ]


def test_a_misspelt_field_inside_another_is_found_there() -> None:
    assert problems("id: x\nunit: persons\nwindow:\n  day: 7\n", Indicator) == [
        "mine.yaml:3: window.days: is missing",
        "mine.yaml:4: window.day: is not a field of this definition (did you mean 'days'?)",
    ]


def test_a_missing_field_is_named_where_it_belongs() -> None:
    assert problems("id: x\nunit: persons\n", Indicator) == ["mine.yaml:1: window: is missing"]


def test_a_problem_in_a_list_of_kinds_is_at_its_own_line() -> None:
    text = """
        - {kind: above, value: 3}
        - kind: above
          value: much
        - {kind: silent}
        - {kind: loud}
    """
    found = problems(text, Conditions)
    assert found[0].startswith("mine.yaml:3: 1.value: Input should be a valid number")
    assert found[0].endswith("got 'much'")
    assert found[1] == "mine.yaml:4: 2.days: is missing"
    assert found[2].startswith("mine.yaml:5: 3.kind: ")
    assert "'loud'" in found[2]


def test_a_rule_file_with_a_slip_says_which_word_was_meant() -> None:
    assert problems("- {field: site, kind: text, patern: abc}\n", list[Rule]) == [
        "mine.yaml:1: 0.pattern: is missing",
        "mine.yaml:1: 0.patern: is not a field of this definition (did you mean 'pattern'?)",
    ]


def test_a_file_of_the_wrong_shape_is_told_at_its_start() -> None:
    (problem,) = problems("- just\n- a list\n", Indicator)
    assert problem.startswith("mine.yaml:1: ")
    (problem,) = problems("", Indicator)
    assert problem.startswith("mine.yaml:1: ")


def test_what_is_not_yaml_is_told_with_the_line() -> None:
    with pytest.raises(DefinitionError) as caught:
        source("id: x\nunit: [persons\nwindow: 3\n")
    assert caught.value.problems[0].line == 3
    assert "is not YAML" in str(caught.value)
    with pytest.raises(DefinitionError, match=r"mine\.yaml:2: is not YAML"):
        source("id: x\n\tunit: persons\n")


def test_a_file_that_is_missing_or_no_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"none\.yaml: cannot be read: No such file"):
        read(tmp_path / "none.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"id: \xff\xfe\n")
    with pytest.raises(DefinitionError, match=r"bytes\.yaml: is not UTF-8 text"):
        read(tmp_path / "bytes.yaml")


@given(st.text(max_size=60))
def test_no_text_makes_reading_fail_in_any_other_way(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mine.yaml"
        path.write_text(text, "utf-8")
        with pytest.raises(DefinitionError) as caught:
            validate(read(path), Indicator)
        assert {problem.file for problem in caught.value.problems} == {str(path)}


def test_a_date_that_does_not_exist_is_told_with_its_line() -> None:
    with pytest.raises(DefinitionError, match=r"mine\.yaml:2: "):
        source("id: x\nearliest: 2022-02-30\n")


def test_a_list_that_contains_itself_is_no_definition() -> None:
    with pytest.raises(DefinitionError, match=r"mine\.yaml"):
        source("id: x\nbreakdowns: &a [*a]\n")


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "- " * 50_000, "{a: " * 30_000], ids=["flow", "block", "map"]
)
def test_what_nests_without_end_is_refused_and_does_not_end_the_process(text: str) -> None:
    with pytest.raises(DefinitionError, match=r"mine\.yaml: is not YAML: maximum recursion depth"):
        source(text)


def test_a_field_that_is_given_twice_is_told_with_its_line() -> None:
    with pytest.raises(DefinitionError, match=r"mine\.yaml:4: unit: "):
        validate(source("id: x\nunit: persons\nwindow: {days: 7}\nunit: places\n"), Indicator)


def test_a_suggestion_is_made_for_what_is_close_and_for_nothing_else() -> None:
    known = ["breakdowns", "window", "unit"]
    assert suggestion("windw", known) == " (did you mean 'window'?)"
    assert suggestion("colour", known) == ""
    assert suggestion("window", []) == ""


def test_a_problem_without_line_or_field_is_told_without_them() -> None:
    assert str(Problem("a.yaml", 0, "", "is odd")) == "a.yaml: is odd"
    assert str(Problem("a.yaml", 7, "unit", "is odd")) == "a.yaml:7: unit: is odd"
