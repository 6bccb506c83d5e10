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
from schemas.areas import UnknownArea, area, covering, is_within


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
    for rule, source in found.values():
        problems += _wrongly_muted(rule, source, found)
    if problems:
        raise DefinitionError(problems)
    return tuple(rule for _, (rule, _) in sorted(found.items()))


def load_rule(path: Path, indicators: Collection[str]) -> Rule:
    """One rule, which need not be in use. Raises `DefinitionError` with every problem of it."""
    source = read(path)
    rule = validate(source, Rule)
    if problems := list(_contradictions(rule, source, indicators, {})):
        raise DefinitionError(problems)
    return rule


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


def _wrongly_muted(rule: Rule, source: Source, found: Mapping[str, tuple[Rule, Source]]) -> Iterator[Problem]:
    """Two rules that mute each other would both be silent."""
    for place, other in enumerate(rule.muted_by):
        where = ("muted_by", place)
        if other not in found:
            yield source.problem(where, f"no rule has the id {other!r}{suggestion(other, found)}")
        elif rule.id in _muting(other, found):
            yield source.problem(
                where, f"{other!r} is itself muted by {rule.id!r}: nobody would be told of either"
            )


def _muting(rule: str, found: Mapping[str, tuple[Rule, Source]]) -> frozenset[str]:
    """All rules that mute it, and those that mute these."""
    known: set[str] = set()
    waiting = [rule]
    while waiting:
        for other in found[waiting.pop()][0].muted_by:
            if other in found and other not in known:
                known.add(other)
                waiting.append(other)
    return frozenset(known)


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
    if not any(is_within(each.code, code) for each in covering(rule.level)):
        yield source.problem(("overrides", code), f"no {rule.level} lies in {found.name('en')}")
