"""What the fields of events and their values are called in the four languages, where people read breakdowns."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from schemas.areas import LANGUAGES, Language

_ANY_FIELD = "*"


@cache
def _names() -> Mapping[tuple[str, str], Mapping[Language, str]]:
    with (files("schemas") / "symbols.csv").open("r", encoding="utf-8") as lines:
        return {
            (row["field"], row["symbol"]): {language: row[language] for language in LANGUAGES}
            for row in csv.DictReader(lines)
        }


def symbol_name(field: str, symbol: str, language: Language) -> str:
    """What a value of a field is called; its code in words where it has no name."""
    names = _names().get((field, symbol)) or _names().get((_ANY_FIELD, symbol))
    return names[language] if names else symbol.replace("_", " ")


def field_name(field: str, language: Language) -> str:
    names = _names().get((field, ""))
    return names[language] if names else field.replace("_", " ")


def has_name(field: str, symbol: str = "") -> bool:
    return (field, symbol) in _names() or (_ANY_FIELD, symbol) in _names()
