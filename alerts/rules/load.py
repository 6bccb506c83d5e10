"""Reads rule files: one rule in each `*.yaml` of a folder."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from alerts.rules.model import Rule
from bewithu.definitions import Source, read, suggestion, validate
from bewithu.errors import DefinitionError, Problem


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
    if rule.indicator not in indicators:
        hint = suggestion(rule.indicator, indicators) or f"; expected one of {', '.join(sorted(indicators))}"
        yield source.problem(("indicator",), f"no indicator has the id {rule.indicator!r}{hint}")
    if rule.id in found:
        other = found[rule.id][1].name
        yield source.problem(("id",), f"{rule.id!r} is already the id of the rule in {other}; ids are unique")
