"""Events as JSON, the way agencies export them: ISO dates and moments, decimals as text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

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
            event[field.name] = _value(field, document[field.name])
        elif "default" in defaults[field.name]:
            event[field.name] = defaults[field.name]["default"]
        else:
            raise ValueError(f"{field.name} is missing")
    return event


def _value(field: Field, value: Any) -> Any:
    if value is None:
        if not field.optional:
            raise ValueError(f"{field.name} is null, expected {_expected(field)}")
        return None
    try:
        return _converted(field, value)
    except (ValueError, TypeError, ArithmeticError) as error:
        raise ValueError(f"{field.name} is {value!r}, expected {_expected(field)}") from error


def _converted(field: Field, value: Any) -> Any:
    if field.logical_type == "timestamp-millis":
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if field.logical_type == "date":
        return date.fromisoformat(value)
    if field.logical_type == "decimal":
        return Decimal(str(value)).quantize(Decimal(1).scaleb(-field.scale))
    expected = {"boolean": bool, "int": int, "long": int, "string": str, "enum": str}.get(field.avro_type)
    if expected is not None and type(value) is not expected:
        raise TypeError(field.avro_type)
    if field.symbols and value not in field.symbols:
        raise ValueError(field.symbols)
    return value


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
