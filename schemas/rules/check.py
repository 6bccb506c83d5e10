"""The agency-side check: which rules an event breaks, in words that help to mend it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, singledispatch
from typing import Any

from bewithu.clock import brussels_day
from schemas.areas import municipalities
from schemas.national_number import holds_national_number, mask
from schemas.rules import model

Event = Mapping[str, Any]


#: Reasons that come before all others. Of an event that is too old, other rules may not know the place any more; one
#: from before all events has lost its date.
_FIRST = {"national_number": 0, "too_early": 1, "too_old": 2}


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule. `value` is masked; `expected` tells what would pass."""

    field: str
    reason: str
    value: str
    expected: str

    def __str__(self) -> str:
        return f"{self.field} is {self.value}: {self.reason}, expected {self.expected}"


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule may look at besides its own field."""

    event: Event
    published_at: datetime
    known_at: datetime
    symbols: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Check:
    """A rule, ready to be asked of many events: to look its attributes up takes longer than most comparisons."""

    field: str
    when: tuple[tuple[str, tuple[str, ...]], ...]
    takes_null: bool
    rule: model.Rule
    broken: Callable[[model.Rule, Any, Context], tuple[str, str] | None]


def checks_of(rules: Iterable[model.Rule]) -> Sequence[Check]:
    """The rules in their order."""
    return [
        Check(
            field=rule.field,
            when=tuple(rule.when.items()),
            takes_null=not isinstance(rule, model.Required),
            rule=rule,
            broken=_broken.dispatch(type(rule)),
        )
        for rule in rules
    ]


def check(
    checks: Iterable[Check],
    event: Event,
    published_at: datetime,
    known_at: datetime,
    symbols: Mapping[str, tuple[str, ...]],
) -> tuple[Violation, ...]:
    """Every rule that `event` (decoded, logical types applied) breaks; the first one is the reason.

    `symbols` gives the known values of each enum field. A national number comes first, whatever its field.
    """
    context = Context(event, published_at, known_at, symbols)
    found = []
    for each in checks:
        value = event.get(each.field)
        if value is None and each.takes_null:
            continue
        if each.when and any(event.get(name) not in values for name, values in each.when):
            continue
        broken = each.broken(each.rule, value, context)
        if broken:
            found.append(Violation(each.field, broken[0], _shown(value), broken[1]))
    return tuple(sorted(found, key=lambda violation: _FIRST.get(violation.reason, len(_FIRST))))


@cache
def _fits(pattern: str) -> Callable[[str], re.Match[str] | None]:
    return re.compile(pattern, re.ASCII).fullmatch


@singledispatch
def _broken(rule: Any, value: Any, context: Context) -> tuple[str, str] | None:
    """`(reason, what was expected)` when `value` breaks `rule`."""
    raise TypeError(f"no check for {rule!r}")


@_broken.register
def _(rule: model.Required, value: Any, context: Context) -> tuple[str, str] | None:
    return ("missing", "a value") if value is None else None


@_broken.register
def _(rule: model.Known, value: Any, context: Context) -> tuple[str, str] | None:
    known = context.symbols[rule.field]
    return None if value in known else ("unknown_value", "one of " + ", ".join(known))


@_broken.register
def _(rule: model.Pseudonym, value: str, context: Context) -> tuple[str, str] | None:
    if _fits(model.PSEUDONYM)(value) and not value.isdigit():
        return None
    return _bad_format(value, "a pseudonym of 32 lower-case hexadecimal digits")


@_broken.register
def _(rule: model.Code, value: str, context: Context) -> tuple[str, str] | None:
    if _fits(rule.pattern)(value):
        return None
    return _bad_format(value, f"text like {rule.pattern}")


@_broken.register
def _(rule: model.Text, value: str, context: Context) -> tuple[str, str] | None:
    if _fits(rule.pattern)(value) and not holds_national_number(value):
        return None
    return _bad_format(value, f"text like {rule.pattern}")


@_broken.register
def _(rule: model.MunicipalityRule, value: str, context: Context) -> tuple[str, str] | None:
    place = municipalities().get(value)
    if place is None:
        reason = "national_number" if holds_national_number(value) else "unknown_municipality"
        return reason, "the NIS code of a Belgian municipality"
    if not place.valid_on(brussels_day(context.event["occurred_at"])):
        return "municipality_not_valid", f"a code valid on the day; today's is {place.current_nis}"
    return None


@_broken.register
def _(rule: model.NotInFuture, value: datetime, context: Context) -> tuple[str, str] | None:
    latest = context.published_at + timedelta(minutes=rule.tolerance_minutes)
    return ("in_future", f"no later than {latest.isoformat(timespec='seconds')}") if value > latest else None


@_broken.register
def _(rule: model.NotBefore, value: datetime, context: Context) -> tuple[str, str] | None:
    return ("too_early", f"no earlier than {rule.earliest}") if value.date() < rule.earliest else None


@_broken.register
def _(rule: model.Kept, value: datetime, context: Context) -> tuple[str, str] | None:
    earliest = context.known_at - timedelta(days=rule.days)
    if value >= earliest:
        return None
    return (
        "too_old",
        f"no earlier than {earliest.isoformat(timespec='seconds')}: events are kept {rule.days} days",
    )


@_broken.register
def _(rule: model.Between, value: date, context: Context) -> tuple[str, str] | None:
    inside = rule.earliest <= value <= rule.latest
    return None if inside else ("out_of_range", f"{rule.earliest} to {rule.latest}")


@_broken.register
def _(rule: model.Range, value: Any, context: Context) -> tuple[str, str] | None:
    inside = rule.minimum <= value <= rule.maximum
    return None if inside else ("out_of_range", f"{rule.minimum} to {rule.maximum}")


@_broken.register
def _(rule: model.NotBeforeField, value: date, context: Context) -> tuple[str, str] | None:
    other = context.event.get(rule.other)
    if other is None:
        return None
    day = brussels_day(other) if isinstance(other, datetime) else other
    return ("wrong_order", f"no earlier than {rule.other}, {day}") if value < day else None


def _bad_format(value: str, expected: str) -> tuple[str, str]:
    return ("national_number" if holds_national_number(value) else "bad_format"), expected


def _shown(value: Any) -> str:
    if value is None:
        return "missing"
    text = mask(str(value))
    return repr(text if len(text) <= 60 else text[:57] + "...")
