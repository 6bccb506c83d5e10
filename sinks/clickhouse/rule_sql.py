"""A contract's rules as SQL over a landing table: whether an event is sound.

The same rules run in Python (`schemas/rules/check.py`), at the agency and to explain a refusal in words; a test
feeds both the same events. The expression is planned anew for every insert, so it is kept short.
"""

from __future__ import annotations

from functools import singledispatch

from schemas.contracts import Contract
from schemas.national_number import SHAPE
from schemas.rules import model
from sinks.clickhouse.literal import day, name, text, texts

#: The moment a record was published: Kafka's time, but no later than ours, and ours where Kafka has none.
_PUBLISHED = "if(kafka_time > toDateTime64(0, 3, 'UTC'), least(kafka_time, known_at), known_at)"


def sound_expression(contract: Contract) -> str:
    """SQL that is true when no rule is broken: evaluated for every event, so it says nothing more."""
    return (
        "NOT (\n    " + "\n    OR ".join(f"({_condition(rule, contract)})" for rule in contract.rules) + ")"
    )


def _condition(rule: model.Rule, contract: Contract) -> str:
    parts = [f"ifNull({name(field)}, '') IN {texts(values)}" for field, values in rule.when.items()]
    if isinstance(rule, model.Required):
        return " AND ".join([*parts, f"isNull({name(rule.field)})"])
    return " AND ".join([*parts, _present(rule.field), _broken(rule, contract)])


@singledispatch
def _broken(rule: model.Rule, contract: Contract) -> str:
    """SQL that is true when the field, which is not null, breaks `rule`."""
    raise TypeError(f"no SQL for {rule!r}")


@_broken.register
def _(rule: model.Known, contract: Contract) -> str:
    return f"{_value(rule.field)} NOT IN {texts(contract.symbols[rule.field])}"


@_broken.register
def _(rule: model.Pseudonym, contract: Contract) -> str:
    value = _value(rule.field)
    return f"(NOT match({value}, {_whole(model.PSEUDONYM)}) OR match({value}, '^[0-9]*$'))"


@_broken.register
def _(rule: model.Code, contract: Contract) -> str:
    return f"NOT match({_value(rule.field)}, {_whole(rule.pattern)})"


@_broken.register
def _(rule: model.Text, contract: Contract) -> str:
    value = _value(rule.field)
    return f"(NOT match({value}, {_whole(rule.pattern)}) OR {_holds_number(value)})"


@_broken.register
def _(rule: model.MunicipalityRule, contract: Contract) -> str:
    # For an unknown code joinGet answers 1970-01-01, and no event is that old.
    happened = "toDate32(toTimeZone(occurred_at, 'Europe/Brussels'))"
    since, until = (
        f"joinGet('validity', '{end}', {_value(rule.field)})" for end in ("valid_from", "valid_to")
    )
    return f"({happened} < {since} OR {happened} > {until})"


@_broken.register
def _(rule: model.NotInFuture, contract: Contract) -> str:
    return f"{_value(rule.field)} > addMinutes({_PUBLISHED}, {rule.tolerance_minutes})"


@_broken.register
def _(rule: model.NotBefore, contract: Contract) -> str:
    return f"{_value(rule.field)} < toDateTime64('{rule.earliest.isoformat()} 00:00:00', 3, 'UTC')"


@_broken.register
def _(rule: model.Kept, contract: Contract) -> str:
    return f"{_value(rule.field)} < subtractDays(known_at, {rule.days})"


@_broken.register
def _(rule: model.Between, contract: Contract) -> str:
    return f"({_value(rule.field)} < {day(rule.earliest)} OR {_value(rule.field)} > {day(rule.latest)})"


@_broken.register
def _(rule: model.Range, contract: Contract) -> str:
    return f"({_value(rule.field)} < {rule.minimum} OR {_value(rule.field)} > {rule.maximum})"


@_broken.register
def _(rule: model.NotBeforeField, contract: Contract) -> str:
    (other,) = (field for field in contract.fields if field.name == rule.other)
    moment = _value(other.name)
    if other.logical_type == "timestamp-millis":
        moment = f"toDate32(toTimeZone({moment}, 'Europe/Brussels'))"
    return f"({_present(other.name)} AND {_value(rule.field)} < {moment})"


def _value(field: str) -> str:
    return f"assumeNotNull({name(field)})"


def _present(field: str) -> str:
    return f"isNotNull({name(field)})"


def _whole(pattern: str) -> str:
    return text(f"^(?:{pattern})$")


def _holds_number(value: str) -> str:
    """True when the text has an eleven-digit number with a possible date and the right check digits.

    Every place is tried, as numbers may overlap; the first `match` leaves ordinary text no place to try.
    """
    found = f"extract(substring({value}, place), {text(f'^({SHAPE})(?:[^0-9]|$)')})"
    bounded = f"(place = 1 OR NOT match(substring({value}, place - 1, 1), '[0-9]'))"
    candidates = (
        f"arrayMap(place -> if({bounded}, replaceRegexpAll({found}, '[^0-9]', ''), ''),"
        f" range(1, if(match({value}, {text(SHAPE)}), length({value}) + 1, 1)))"
    )
    return f"arrayExists(digits -> {_IS_NUMBER}, {candidates})"


_NINE = "toUInt64OrZero(substring(digits, 1, 9))"
_IS_NUMBER = (
    "length(digits) = 11"
    " AND toUInt8OrZero(substring(digits, 3, 2)) < 60"
    " AND toUInt8OrZero(substring(digits, 3, 2)) % 20 <= 12"
    " AND toUInt8OrZero(substring(digits, 5, 2)) <= 31"
    f" AND toUInt8OrZero(substring(digits, 10, 2)) IN (97 - {_NINE} % 97, 97 - (2000000000 + {_NINE}) % 97)"
)
