"""Reads rule files: one rule in each `*.yaml` of a folder."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from alerts.rules.model import Rule
from bewithu.definitions import Location, Source, read, suggestion, validate
from bewithu.errors import DefinitionError, Problem
from schemas.areas import UnknownArea, area, areas_of_level, is_within


def load_rules(indicators: Collection[str], folder: Path | None = None) -> tuple[Rule, ...]:
    """The rules in `folder` (ours when None), by id. `indicators`: the ids that rules may refer to.

    Raises `DefinitionError` with every problem of every file; also for a folder without rules, as a wrong
    path would otherwise silence every alert.
    """
    shelf: Path | Traversable = files("alerts.rules") if folder is None else folder
    found: dict[str, tuple[Rule, Source]] = {}
    problems: list[Problem] = []
    for entry in _files(shelf):
        try:
            source = read(entry)
            rule = validate(source, Rule)
        except DefinitionError as error:
            problems += error.problems
            continue
        problems += _contradictions(rule, source, indicators, found)
        found.setdefault(rule.id, (rule, source))
    if problems:
        raise DefinitionError(problems)
    return tuple(rule for _, (rule, _) in sorted(found.items()))


def _files(shelf: Path | Traversable) -> list[Path | Traversable]:
    try:
        entries = sorted(shelf.iterdir(), key=lambda entry: entry.name)
    except OSError as error:
        raise DefinitionError([Problem(str(shelf), 0, "", f"cannot be read: {error.strerror}")]) from error
    rules: list[Path | Traversable] = [entry for entry in entries if entry.name.endswith((".yaml", ".yml"))]
    if not rules:
        raise DefinitionError([Problem(str(shelf), 0, "", "has no rules; expected one or more *.yaml files")])
    return rules


def _contradictions(
    rule: Rule, source: Source, indicators: Collection[str], found: dict[str, tuple[Rule, Source]]
) -> Iterator[Problem]:
    for place, name in _indicators_named(source.data):
        if name not in indicators:
            hint = suggestion(name, indicators) or f"; expected one of {', '.join(sorted(indicators))}"
            yield source.problem(place, f"no indicator has the id {name!r}{hint}")
    for code in rule.overrides:
        yield from _unknown_area(rule, code, source)
    if rule.id in found:
        other = found[rule.id][1].name
        yield source.problem(("id",), f"{rule.id!r} is already the id of the rule in {other}; ids are unique")


def _indicators_named(data: Any, place: Location = ()) -> Iterator[tuple[Location, str]]:
    """Every `indicator` in the file, and where it stands."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            if key == "indicator":
                yield (*place, key), str(value)
            yield from _indicators_named(value, (*place, key))
    elif isinstance(data, list):
        for index, item in enumerate(data):
            yield from _indicators_named(item, (*place, index))


def _unknown_area(rule: Rule, code: str, source: Source) -> Iterator[Problem]:
    try:
        found = area(code)
    except UnknownArea as error:
        yield source.problem(("overrides", code), str(error))
        return
    if not any(is_within(each.code, code) for each in areas_of_level(rule.level)):
        yield source.problem(("overrides", code), f"no {rule.level} lies in {found.name('en')}")
