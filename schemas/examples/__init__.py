"""Examples of events, for those who build against a contract and for the tests that walk them.

`<event type>.v<major>/good/*.json` holds `{why, event}`, `bad/*.json` also the `reason` and the `field` that an
event is refused for. In an event, moments are ISO 8601 in UTC, days ISO 8601, decimals strings. National numbers
in bad examples have the right check digits and belong to nobody: their birth is in 2099.
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import fastavro

from bewithu.errors import DefinitionError, Problem
from schemas.contracts import Contract, contracts
from schemas.json_events import value_from_json

#: Examples are judged as if they were published at this moment.
PUBLISHED_AT = datetime(2025, 3, 3, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Example:
    """An event that keeps the contract, in Python's types (logical types applied), and what it tells."""

    contract: Contract
    name: str
    why: str
    event: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BadExample(Example):
    """An event that is refused: `reason` and `field` are those of the first violation."""

    reason: str
    field: str


def good_examples() -> tuple[Example, ...]:
    """Every good example of every contract, by contract and name."""
    return tuple(
        Example(contract, name, told["why"], event) for contract, name, told, event in _read("good", {"why"})
    )


def bad_examples() -> tuple[BadExample, ...]:
    """Every bad example of every contract, by contract and name."""
    return tuple(
        BadExample(contract, name, told["why"], event, told["reason"], told["field"])
        for contract, name, told, event in _read("bad", {"why", "reason", "field"})
    )


def event_from_json(contract: Contract, plain: Mapping[str, Any], name: str) -> dict[str, Any]:
    """An event as it stands in an example, in the types that fastavro encodes and decodes.

    Raises `DefinitionError` naming `name` (a file) and each field that is missing, unknown or unreadable.
    """
    problems = [
        Problem(name, 0, field, "is not a field of the contract: remove it")
        for field in plain
        if field not in {declared.name for declared in contract.fields}
    ]
    event: dict[str, Any] = {}
    for field in contract.fields:
        try:
            event[field.name] = value_from_json(field, plain[field.name])
        except KeyError:
            problems.append(Problem(name, 0, field.name, "is missing: give it, null where there is none"))
        except ValueError:
            expected = field.logical_type or field.avro_type
            problems.append(Problem(name, 0, field.name, f"is {plain[field.name]!r}, expected {expected}"))
    if problems:
        raise DefinitionError(problems)
    return event


def wire_value(schema: Mapping[str, Any], event: Mapping[str, Any], schema_id: int) -> bytes:
    """`event` as the value of a Kafka message (Confluent's wire format), written with the Avro `schema`."""
    encoded = io.BytesIO()
    encoded.write(struct.pack(">xI", schema_id))
    fastavro.schemaless_writer(encoded, fastavro.parse_schema(dict(schema)), event)
    return encoded.getvalue()


def _read(kind: str, keys: set[str]) -> Iterator[tuple[Contract, str, Mapping[str, str], dict[str, Any]]]:
    for contract in contracts().values():
        folder = files("schemas.examples") / contract.name / kind
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
            place = f"{contract.name}/{kind}/{entry.name}"
            told = json.loads(entry.read_text("utf-8"))
            if set(told) != keys | {"event"}:
                expected = ", ".join(sorted(keys | {"event"}))
                raise DefinitionError([Problem(place, 0, "", f"has {', '.join(told)}, expected {expected}")])
            event = event_from_json(contract, told.pop("event"), place)
            yield contract, entry.name.removesuffix(".json"), told, event
