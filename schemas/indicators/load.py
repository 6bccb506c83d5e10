"""Reads a folder of definitions, and tells every problem in every file at once."""

from __future__ import annotations

from importlib.resources.abc import Traversable
from pathlib import Path

from bewithu.definitions import Source, read, validate
from bewithu.errors import DefinitionError, Problem
from schemas.indicators.model import Definition, Indicator, Indicators
from schemas.indicators.references import misreferences


def load_indicators(folder: Path | Traversable) -> Indicators:
    """All definitions in a folder by id. Raises `DefinitionError` with every problem in every file."""
    found: dict[str, Indicator] = {}
    sources: dict[str, Source] = {}
    problems: list[Problem] = []
    try:
        entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    except OSError as error:
        raise DefinitionError([Problem(str(folder), 0, "", f"cannot be read: {error.strerror}")]) from error
    for entry in entries:
        if not entry.name.endswith((".yaml", ".yml")):
            continue
        try:
            source = read(entry)
            indicator: Indicator = validate(source, Definition)  # type: ignore[arg-type]
        except DefinitionError as error:
            problems += error.problems
            continue
        if indicator.id in found:
            problems.append(source.problem(("id",), f"{indicator.id!r} is already taken by another file"))
        found[indicator.id], sources[indicator.id] = indicator, source
    problems += [problem for name in found for problem in misreferences(found[name], found, sources[name])]
    if not found and not problems:
        problems.append(Problem(str(folder), 0, "", "has no indicator definitions (*.yaml)"))
    if problems:
        raise DefinitionError(problems)
    return found
