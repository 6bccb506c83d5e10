"""Events as JSON, the way agencies export them: ISO dates and moments, decimals as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from schemas.contracts import Contract, Field


def event_from_json(contract: Contract, document: Mapping[str, Any]) -> dict[str, Any]:
    """The event with Python types that Avro encodes; absent fields get the contract's defaults.

    Raises `ValueError` that names the field, its value and what was expected.
    """
    unknown = sorted(set(document) - {field.name for field in contract.fields})
    if unknown:
        raise ValueError(f"{', '.join(unknown)}: no such field in {contract.name}")
    defaults = {declared["name"]: declared for declared in contract.schema["fields"]}
    event = {}
    for field in contract.fields:
        if field.name in document:
            event[field.name] = _read(field, document[field.name])
        elif "default" in defaults[field.name]:
            event[field.name] = defaults[field.name]["default"]
        else:
            raise ValueError(f"{field.name} is missing")
    return event


def _read(field: Field, value: Any) -> Any:
    try:
        return value_from_json(field, value)
    except ValueError as error:
        raise ValueError(f"{field.name} is {value!r}, expected {_expected(field)}") from error


def value_from_json(field: Field, value: Any) -> Any:
    """One field's value. Raises `ValueError` when it is not what the field holds; the message says why."""
    if value is None and field.optional:
        return None
    if field.logical_type is not None:
        return _READERS[field.logical_type](field, value)
    expected = {"boolean": bool, "int": int, "long": int}.get(field.avro_type, str)
    if type(value) is not expected:
        raise ValueError(f"{value!r} is no {expected.__name__}")
    if field.symbols and value not in field.symbols:
        raise ValueError(f"{value!r} is no symbol of {field.name}")
    return value


def _uuid(field: Field, value: Any) -> UUID:
    return UUID(_text(value))


def _moment(field: Field, value: Any) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError(f"{value} has no time zone")
    return moment.astimezone(UTC)


def _day(field: Field, value: Any) -> date:
    return date.fromisoformat(_text(value))


def _decimal(field: Field, value: Any) -> Decimal:
    try:
        number = Decimal(_text(value))
        rounded = number.quantize(Decimal(1).scaleb(-field.scale))
    except ArithmeticError as error:
        raise ValueError(f"{value!r} is no number") from error
    if rounded != number:
        raise ValueError(f"{value} has more than {field.scale} decimals")
    return rounded


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no text")
    return value


_READERS: Mapping[str, Callable[[Field, Any], Any]] = {
    "uuid": _uuid,
    "timestamp-millis": _moment,
    "date": _day,
    "decimal": _decimal,
}


def _expected(field: Field) -> str:
    if field.symbols:
        return "one of " + ", ".join(field.symbols)
    names = {
        "timestamp-millis": "a moment like 2024-03-01T09:30:00Z",
        "date": "a date like 2024-03-01",
        "decimal": f"a number with {field.scale} decimals, as text",
        "uuid": "a UUID",
    }
    return names.get(field.logical_type or "", field.avro_type)
