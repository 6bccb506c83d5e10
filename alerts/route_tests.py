"""Tests of the address book, in YAML: who is to hear of which alert, and by which way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from alerts.address_book import AddressBook, Told, told
from alerts.evaluate import transition_id
from alerts.rule_tests import Area
from alerts.rules import Rule
from alerts.rules.conditions import Word
from bewithu.definitions import read, suggestion, validate
from bewithu.errors import DefinitionError
from schemas.alerting import Transition

_NEVER: Final = datetime(2000, 1, 1, tzinfo=UTC)


class RouteTest(BaseModel):
    """An alert of `rule` in `area`, and the e-mail addresses that it is told to, in any order.

    `by`: the names of the routes that lead to each, as in `housing/critical`; not looked at when left out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str | None = None
    rule: Word
    area: Area
    to: tuple[str, ...]
    by: Mapping[str, str] = Field(default_factory=dict)


class RouteTests(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    tests: tuple[RouteTest, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class RouteOutcome:
    """`differences` is empty when the test passed."""

    file: str
    line: int
    name: str
    differences: tuple[str, ...]


def run_route_tests(path: Path, rules: Mapping[str, Rule], book: AddressBook) -> list[RouteOutcome]:
    """Raises `DefinitionError`."""
    source = read(path)
    found = validate(source, RouteTests)
    problems = [
        source.problem(
            ("tests", number, "rule"), f"no rule has the id {test.rule!r}{suggestion(test.rule, rules)}"
        )
        for number, test in enumerate(found.tests)
        if test.rule not in rules
    ]
    if problems:
        raise DefinitionError(problems)
    return [
        RouteOutcome(
            source.name,
            source.line(("tests", number)),
            test.name or f"{test.rule} in {test.area}",
            tuple(_differences(test, asked(rules[test.rule], test.area, book))),
        )
        for number, test in enumerate(found.tests)
    ]


def asked(rule: Rule, area: str, book: AddressBook) -> tuple[Told, ...]:
    """Of every coordinator whether an alert of the rule in the area is told, and why."""
    return told(_alert(rule, area), rule, book)


def _differences(test: RouteTest, answers: tuple[Told, ...]) -> Iterator[str]:
    ways = {each.coordinator.email: each.way.name for each in answers if each.told and each.way}
    reasons = {each.coordinator.email: each.reason for each in answers}
    for email in sorted(set(test.to) - ways.keys()):
        yield f"missing:    {email} ({reasons.get(email, 'no coordinator has this address')})"
    for email in sorted(ways.keys() - set(test.to)):
        yield f"unexpected: {email} ({reasons[email]})"
    for email, way in sorted(test.by.items()):
        if email in ways and ways[email] != way:
            yield f"another way: {email} by {ways[email] or 'the top'}, expected {way}"


def _alert(rule: Rule, area: str) -> Transition:
    return Transition(
        id=transition_id(rule.id, area, 1, "firing"),
        rule=rule.id,
        area=area,
        number=1,
        kind="firing",
        at=_NEVER,
        since=_NEVER,
        indicator=rule.indicator,
        day=date(2000, 1, 1),
        value=None,
        threshold=None,
        provisional=False,
        reason="asked where it would go",
    )


def route_tests_schema() -> dict[str, Any]:
    """The JSON Schema of a file of route tests, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **RouteTests.model_json_schema(),
        "title": "bewithu route tests",
    }
