"""The compose file has the shape that `docker compose` asks for."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.compose.compose_file import DEMO, PRODUCTION, MissingVariable, interpolated, load, text
from tests.parts.processes import REPOSITORY

SCHEMA = json.loads((REPOSITORY / "tests/compose/compose-spec.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)


def problems(document: Any) -> list[str]:
    return [f"{error.json_path}: {error.message[:200]}" for error in VALIDATOR.iter_errors(document)]


@pytest.mark.parametrize("env", [DEMO, PRODUCTION])
def test_the_file_follows_the_compose_specification(env: str) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert problems(load(env).document) == []


def misspelt(document: dict[str, Any]) -> None:
    document["services"]["worker"]["readonly"] = True


def wrong_kind(document: dict[str, Any]) -> None:
    document["services"]["kafka"]["cap_drop"] = "ALL"


def unknown_condition(document: dict[str, Any]) -> None:
    document["services"]["worker"]["depends_on"]["migrate"] = {"condition": "service_done"}


def no_services(document: dict[str, Any]) -> None:
    document["services"] = ["worker"]


@pytest.mark.parametrize("damage", [misspelt, wrong_kind, unknown_condition, no_services])
def test_a_broken_file_is_noticed(damage: Callable[[dict[str, Any]], None]) -> None:
    document = copy.deepcopy(dict(load(DEMO).document))
    damage(document)
    assert problems(document) != []


def test_without_a_choice_of_settings_nothing_starts_and_the_message_says_what_to_do() -> None:
    with pytest.raises(MissingVariable, match=r"copy deploy/demo\.env or deploy/production\.env to \.env"):
        interpolated(text(), {})
