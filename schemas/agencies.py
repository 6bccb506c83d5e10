"""The agencies that publish events: a code for each single one, and one for all of a kind.

The CPAS of the municipality 62063 publishes as `cpas-62063`; `cpas` stands for all of them, as `edu` for `edu-vl` and
its counterparts.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from schemas.areas import LANGUAGES, Language


@cache
def _names() -> Mapping[str, Mapping[Language, str]]:
    with (files("schemas") / "agencies.csv").open("r", encoding="utf-8") as lines:
        return {
            row["code"]: {language: row[f"name_{language}"] for language in LANGUAGES}
            for row in csv.DictReader(lines)
        }


def agency_codes() -> tuple[str, ...]:
    """All that have a name here."""
    return tuple(_names())


def agency_names(code: str) -> Mapping[Language, str]:
    """The name of an agency in the four languages; its code where it has none."""
    return _names().get(code) or dict.fromkeys(LANGUAGES, code)
