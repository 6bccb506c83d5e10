"""Definitions of every kind that are not shipped: for the product as models, for the oracle as they stand."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from schemas.indicators import Indicators, load_indicators
from tests.oracle import Definition

_TEXTS = dict.fromkeys(("nl", "fr", "de", "en"), "a test")
_REST: dict[str, Any] = {
    "name": _TEXTS,
    "explanation": _TEXTS,
    "unit": "persons",
    "publishers": ["dvz"],
    "source": "tests",
    "usual_delay_days": 1,
}


@cache
def every_kind() -> dict[str, Definition]:
    loaded = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text("utf-8"))
    return {definition["id"]: definition for definition in loaded}


def complete(definition: Definition) -> dict[str, Any]:
    """With texts and whatever else a definition must have."""
    found = _REST | dict(definition)
    return found | {"round_to": 1000} if "field" in definition and "minimum_cell" not in definition else found


def load_every_kind(folder: Path) -> Indicators:
    """Written out and read again, so that they are checked as all others are."""
    for name, definition in every_kind().items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(complete(definition)), "utf-8")
    return load_indicators(folder)
