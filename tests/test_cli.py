"""The command line: help, exit codes, one JSON document, and where a definition is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer.main

from bewithu import __version__, cli
from schemas.contracts import contract_of
from tests.command_line import Answer, CommandLine
from tests.parts.processes import REPOSITORY

# --- every command ---


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every command's words and what its help says first."""
    yield path, command.help
    for name, below in getattr(command, "commands", {}).items():
        yield from commands(below, (*path, name))


EVERY = dict(commands(typer.main.get_command(cli.app)))


@pytest.mark.parametrize("path", EVERY, ids=" ".join)
def test_every_command_says_what_it_does_when_asked_for_help(
    bewithu: CommandLine, path: tuple[str, ...]
) -> None:
    answer = bewithu(*path, "--help")
    assert (answer.code, answer.err) == (0, "")
    assert "Usage: bewithu" in answer.out
    assert " ".join(EVERY[path].split()[:4]) in answer.out


@pytest.mark.parametrize("path", EVERY, ids=" ".join)
def test_an_option_that_no_command_knows_is_misuse(bewithu: CommandLine, path: tuple[str, ...]) -> None:
    answer = bewithu(*path, "--no-such-option")
    assert (answer.code, answer.out) == (2, "")
    assert "--no-such-option" in answer.err


@pytest.mark.parametrize(
    "words", [("nothing",), ("indicators", "nothing"), ("schemas", "show")], ids=" ".join
)
def test_an_unknown_command_and_a_missing_argument_are_misuse(
    bewithu: CommandLine, words: tuple[str, ...]
) -> None:
    assert bewithu(*words).code == 2


def test_the_version_is_printed_without_a_command(bewithu: CommandLine) -> None:
    assert bewithu("--version") == Answer(0, f"bewithu {__version__}\n", "")


# --- definitions and contracts ---


@pytest.mark.parametrize(
    ("words", "row"),
    [
        (("indicators", "list"), {"id": "arrivals_emergency_housing_7d", "kind": "flow", "minimum cell": 5}),
        (("indicators", "check"), {"indicator": "arrivals_emergency_housing_7d", "state": "well"}),
        (("rules", "list"), {"id": "arrivals_emergency_housing_country", "level": "country"}),
        (("rules", "check"), {"what": "indicators"}),
        (("schemas", "list"), {"contract": "benefit_grant.v1", "topic": "bewithu.benefit_grant.v1"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)  # fmt: skip
def test_lists_are_tables_for_people_and_one_document_for_programs(
    bewithu: CommandLine, words: tuple[str, ...], row: Mapping[str, object]
) -> None:
    table, listed = bewithu(*words), bewithu(*words, "--json")
    assert (table.code, listed.code, table.err + listed.err) == (0, 0, "")
    assert any(row.items() <= found.items() for found in listed.document)
    assert len(table.out.splitlines()) == len(listed.document) + 1
    assert all(str(value) in table.out for value in row.values())


def test_a_contract_is_shown_field_by_field_and_as_its_avro_schema(bewithu: CommandLine) -> None:
    contract = contract_of("registration")
    shown = bewithu("schemas", "show", "registration")
    assert [line.split()[0] for line in shown.out.splitlines()[1:]] == [
        field.name for field in contract.fields
    ]
    assert bewithu("schemas", "show", "registration", "--json").document == contract.schema
    assert bewithu("schemas", "show", "rejection", "--json").document["name"] == "Rejection"
    assert bewithu("schemas", "show", "alert", "--json").document["name"] == "Alert"
    unknown = bewithu("schemas", "show", "registraton")
    assert unknown.code == 2
    assert "registraton" in unknown.err


INDICATOR = (REPOSITORY / "streams/indicators/registrations_7d.yaml").read_text("utf-8")
RULE = (REPOSITORY / "alerts/rules/arrivals_emergency_housing_country.yaml").read_text("utf-8")
BOOK = (REPOSITORY / "alerts/demo_address_book.yaml").read_text("utf-8")


def line_of(text: str, start: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if line.startswith(start))


@pytest.mark.parametrize(
    ("setting", "text", "wrong", "words"),
    [
        ("INDICATORS", INDICATOR, ("unit: \"certificates\"", "unit: sheep"), ("indicators", "check")),
        ("INDICATORS", INDICATOR, ("window: 7d", "window: 0d"), ("indicators", "list")),
        ("RULES", RULE, ("severity: critical", "severity: dreadful"), ("rules", "list")),
        ("RULES", RULE, ("indicator: arrivals", "indicator: arivals"), ("rules", "check")),
        ("ADDRESS_BOOK", BOOK, ("contact: ", "contact: nobody "), ("rules", "check")),
    ],
    ids=["unit", "window", "severity", "indicator", "contact"],
)  # fmt: skip
def test_a_broken_definition_is_told_with_file_line_and_field(
    bewithu: CommandLine,
    tmp_path: Path,
    setting: str,
    text: str,
    wrong: tuple[str, str],
    words: tuple[str, ...],
) -> None:
    right, written = wrong
    assert text.count(right) == 1
    file = tmp_path / "definitions" / "a.yaml"
    file.parent.mkdir()
    file.write_text(text.replace(right, written), "utf-8")
    bewithu.set(**{setting: file if setting == "ADDRESS_BOOK" else file.parent})
    answer = bewithu(*words, "--json")
    assert (answer.code, answer.out) == (2, "")
    field = right.partition(":")[0]
    assert f"a.yaml:{line_of(text, field)}: {field}: " in answer.err
    assert len(answer.err.splitlines()) == 1


@pytest.mark.parametrize("setting", ["INDICATORS", "RULES", "ADDRESS_BOOK"])
def test_definitions_that_are_not_there_are_told_with_their_path(
    bewithu: CommandLine, tmp_path: Path, setting: str
) -> None:
    absent = tmp_path / "absent"
    bewithu.set(**{setting: absent})
    assert bewithu("rules", "check") == Answer(
        2, "", f"{absent}: cannot be read: No such file or directory\n"
    )
