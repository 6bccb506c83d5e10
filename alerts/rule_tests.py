"""Tests of rules, in YAML: values in a shorthand, and the steps and mails that are to come of them.

Each day is judged once, at eight in the morning of the first day on which the rule looks at it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from alerts.address_book import AddressBook
from alerts.backtest import Moment, backtest, moment_at
from alerts.backtest_report import mails_of
from alerts.judging import Series
from alerts.judging.panel import Floats
from alerts.notation import Values, parse_series
from alerts.rules import Rule
from alerts.rules.conditions import Word
from bewithu.clock import BRUSSELS
from bewithu.definitions import Source, read, suggestion, validate
from bewithu.errors import DefinitionError, Problem
from schemas.alerting import Kind, Transition
from schemas.areas import UnknownArea, ancestors, around, covering

_EVALUATED_AT: Final = time(8)


def _series(text: object) -> Values:
    return parse_series(str(text))


def _area(code: str) -> str:
    try:
        ancestors(code)
    except UnknownArea as error:
        raise PydanticCustomError("area", "{why}", {"why": str(error)}) from error
    return code


Area = Annotated[str, AfterValidator(_area)]
ByArea = Mapping[Area, Annotated[Values, BeforeValidator(_series)]]


class _Definition(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ExpectedStep(_Definition):
    """`day`: the one that was judged."""

    day: date
    area: Area
    kind: Kind


class ExpectedMail(ExpectedStep):
    to: str = Field(description="e-mail address")


class RuleTest(_Definition):
    """Values of the rule's indicator by area from the day `start` on; `others`: those of further indicators.

    Where an area's `numerators` or `denominators` are left out they are its values and 1.
    """

    name: str
    rule: Word
    start: date
    values: ByArea
    others: Mapping[Word, ByArea] = Field(default_factory=dict)
    numerators: ByArea = Field(default_factory=dict)
    denominators: ByArea = Field(default_factory=dict)
    steps: tuple[ExpectedStep, ...] = Field(description="all steps of all areas")
    mails: tuple[ExpectedMail, ...] | None = Field(
        default=None, description="all mails; not looked at when left out"
    )


class RuleTests(_Definition):
    tests: tuple[RuleTest, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """`differences` is empty when the test passed."""

    file: str
    line: int
    test: RuleTest
    differences: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.test.name


def files_in(folder: Path) -> list[Path]:
    """The files of tests in a folder. Raises `DefinitionError` when there are none."""
    found = sorted(folder.glob("*.yaml")) if folder.is_dir() else []
    if not found:
        raise DefinitionError(
            [Problem(str(folder), 0, "", "has no rule tests; expected one or more *.yaml files")]
        )
    return found


def run_tests(
    path: Path, rules: Mapping[str, Rule], delays: Mapping[str, int], book: AddressBook
) -> Iterator[Outcome]:
    """`delays`: by indicator, how many days its data usually take. Raises `DefinitionError`."""
    source = read(path)
    found = validate(source, RuleTests)
    problems = [
        problem
        for number, test in enumerate(found.tests)
        for problem in _unknown_names(number, test, rules, delays, source)
    ]
    if problems:
        raise DefinitionError(problems)
    for number, test in enumerate(found.tests):
        differences = _differences(test, rules[test.rule], delays, book)
        yield Outcome(source.name, source.line(("tests", number)), test, tuple(differences))


def _unknown_names(
    number: int, test: RuleTest, rules: Mapping[str, Rule], delays: Mapping[str, int], source: Source
) -> Iterator[Problem]:
    place = ("tests", number)
    if test.rule not in rules:
        yield source.problem(
            (*place, "rule"), f"no rule has the id {test.rule!r}{suggestion(test.rule, rules)}"
        )
    for name in test.others:
        if name not in delays:
            message = f"no indicator has the id {name!r}{suggestion(name, delays)}"
            yield source.problem((*place, "others", name), message)


def _differences(test: RuleTest, rule: Rule, delays: Mapping[str, int], book: AddressBook) -> Iterator[str]:
    steps = list(transitions_of(test, rule, delays))
    yield from _compared(
        (f"{each.day} {each.area} {each.kind}" for each in test.steps),
        (f"{each.day} {each.area} {each.kind}" for each in steps),
        {f"{each.day} {each.area} {each.kind}": each.reason for each in steps},
    )
    if test.mails is not None:
        yield from _compared(
            (f"mail to {each.to}: {each.day} {each.area} {each.kind}" for each in test.mails),
            (
                f"mail to {email}: {each.day} {each.area} {each.kind}"
                for each, email in mails_of(rule, steps, book)
            ),
            {},
        )


def _compared(expected: Iterator[str], found: Iterator[str], reasons: Mapping[str, str]) -> Iterator[str]:
    wanted, got = Counter(expected), Counter(found)
    for each in sorted((wanted - got).elements()):
        yield f"missing:    {each}"
    for each in sorted((got - wanted).elements()):
        yield f"unexpected: {each}" + (f" ({reasons[each]})" if each in reasons else "")


def transitions_of(test: RuleTest, rule: Rule, delays: Mapping[str, int]) -> Iterator[Transition]:
    """The steps that the rule takes on the test's values, area by area."""
    codes = [area.code for area in covering(rule.level)]
    length = max(
        len(values)
        for values in [*test.values.values(), *(v for o in test.others.values() for v in o.values())]
    )
    days = [test.start + timedelta(days=number) for number in range(length)]
    moments = [_moment(rule, delays, day) for day in days]
    panel = {name: _panel(test, rule, name, codes, length) for name in rule.indicators}
    return backtest(rule, codes, moments, panel)


def _moment(rule: Rule, delays: Mapping[str, int], day: date) -> Moment:
    """The first morning on which the rule judges the day."""
    at = datetime.combine(day + timedelta(days=1), _EVALUATED_AT, BRUSSELS)
    while (moment := moment_at(rule, delays, at)).day < day:
        at += timedelta(days=1)
    return moment


def _panel(test: RuleTest, rule: Rule, indicator: str, codes: Sequence[str], length: int) -> Series:
    """As many moments as days; each looks back as far as the rule does."""
    own = indicator == rule.indicator
    given = test.values if own else test.others.get(indicator, {})
    values = _rows(given, codes, length)
    ones = np.where(np.isnan(values), np.nan, 1.0)
    return Series(
        values=_windows(values, rule.days),
        parents=_windows(_rows(given, list(map(around, codes)), length), rule.days),
        numerators=_sides(test.numerators if own else {}, values, codes),
        denominators=_sides(test.denominators if own else {}, ones, codes),
        silent=np.zeros_like(values.T, np.bool_),
        nothing=np.nan,
    )


def _rows(given: Mapping[str, Values], codes: Sequence[str], length: int) -> Floats:
    rows = np.full((len(codes), length), np.nan)
    for place, code in enumerate(codes):
        values = given.get(code, ())
        rows[place, : len(values)] = np.array(values, np.float64)
    return rows


def _windows(rows: Floats, days: int) -> Floats:
    """(areas, days) to (moments, areas, days): each moment's last day is its own."""
    padded = np.concatenate([np.full((rows.shape[0], days - 1), np.nan), rows], axis=1)
    return np.lib.stride_tricks.sliding_window_view(padded, days, axis=1).swapaxes(0, 1)


def _sides(given: Mapping[str, Values], otherwise: Floats, codes: Sequence[str]) -> Floats:
    rows = otherwise.copy()
    for place, code in enumerate(codes):
        if code in given:
            rows[place] = _rows(given, [code], rows.shape[1])[0]
    return rows.T


def rule_tests_schema() -> dict[str, Any]:
    """The JSON Schema of a file of rule tests, for editors."""
    schema = RuleTests.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "bewithu rule tests",
    }
