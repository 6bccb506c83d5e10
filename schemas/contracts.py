"""The contracts: which events agencies publish, on which topic, in which Avro schema, under which rules.

A contract is data: `schemas/avro/<event type>.v<major>.avsc` and `schemas/rules/<event type>.v<major>.yaml`.
A new event type needs no Python.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import fastavro

from schemas.rules import Check, Code, Kept, Rule, Violation, check, checks_of, load_rules

_FILE = re.compile(r"(?P<event_type>[a-z_]+)\.v(?P<major>[0-9]+)\.avsc")


@dataclass(frozen=True)
class Field:
    """One field of an event: its Avro type without the null branch, and whether null is allowed.

    `default` stands for the field where it is not written (None for null, and where there is none); `aliases` are
    names that it had in earlier versions.
    """

    name: str
    avro_type: str
    logical_type: str | None
    optional: bool
    symbols: tuple[str, ...]
    default_symbol: str | None
    scale: int
    precision: int
    doc: str
    default: Any
    aliases: tuple[str, ...]


@dataclass(frozen=True)
class Contract:
    """An event type in one major version."""

    event_type: str
    major: int
    schema: Mapping[str, Any]
    fields: tuple[Field, ...]
    rules: tuple[Rule, ...]

    @property
    def name(self) -> str:
        return f"{self.event_type}.v{self.major}"

    @property
    def topic(self) -> str:
        return f"bewithu.{self.event_type}.v{self.major}"

    @property
    def subject(self) -> str:
        return f"{self.topic}-value"

    @property
    def about(self) -> tuple[str, ...]:
        """The fields that say who or what an event is about: a person, unless the schema's `about` names others."""
        return tuple(self.schema.get("about", ("person",)))

    @property
    def schema_text(self) -> str:
        return json.dumps(self.schema)

    @cached_property
    def symbols(self) -> Mapping[str, tuple[str, ...]]:
        """The known values of each enum field, its default left out."""
        return {
            field.name: tuple(symbol for symbol in field.symbols if symbol != field.default_symbol)
            for field in self.fields
            if field.symbols
        }

    @cached_property
    def _checks(self) -> Sequence[Check]:
        return checks_of(self.rules)

    @property
    def kept_days(self) -> int | None:
        """So many days after it happened an event is forgotten; None where it is about no person, and stays."""
        return next((rule.days for rule in self.rules if isinstance(rule, Kept)), None)

    def check(
        self, event: Mapping[str, Any], published_at: datetime, known_at: datetime | None = None
    ) -> tuple[Violation, ...]:
        """What is wrong with `event` (decoded, logical types applied), most telling first.

        `known_at`: when it was taken in; as it is published, where that is still to come.
        """
        return check(self._checks, event, published_at, known_at or published_at, self.symbols)


@cache
def contracts() -> Mapping[str, Contract]:
    """All contracts by topic, in the order of their names."""
    found = sorted(
        (match["event_type"], int(match["major"]))
        for entry in files("schemas.avro").iterdir()
        if (match := _FILE.fullmatch(entry.name))
    )
    loaded = (_load(event_type, major) for event_type, major in found)
    return MappingProxyType({contract.topic: contract for contract in loaded})


@cache
def contract_of(event_type: str) -> Contract:
    """The newest major version of an event type. Raises `LookupError` naming the known ones."""
    versions = [contract for contract in contracts().values() if contract.event_type == event_type]
    if not versions:
        known = ", ".join(contract.event_type for contract in contracts().values())
        raise LookupError(f"no contract for event type {event_type!r}; there are {known}")
    return max(versions, key=lambda contract: contract.major)


@cache
def agency_pattern() -> str:
    """What an agency's code looks like, in every contract."""
    rules = next(iter(contracts().values())).rules
    return next(rule.pattern for rule in rules if isinstance(rule, Code) and rule.field == "agency")


@cache
def parsed_schema(topic: str) -> Any:
    """The schema of `topic` as fastavro wants it."""
    return fastavro.parse_schema(dict(contracts()[topic].schema))


def _load(event_type: str, major: int) -> Contract:
    name = f"{event_type}.v{major}"
    schema = json.loads((files("schemas.avro") / f"{name}.avsc").read_text("utf-8"))
    return Contract(event_type, major, schema, fields_of(schema), load_rules(name))


def fields_of(schema: Mapping[str, Any]) -> tuple[Field, ...]:
    """The fields of a record schema."""
    return tuple(_field(field) for field in schema["fields"])


def _field(declared: Mapping[str, Any]) -> Field:
    kind = declared["type"]
    branches = [branch for branch in kind if branch != "null"] if isinstance(kind, list) else [kind]
    optional = isinstance(kind, list) and branches != kind
    # A union of several values has no single type: `bewithu schemas check` refuses it in a contract.
    kind = branches[0] if len(branches) == 1 else "union"
    detail: Mapping[str, Any] = kind if isinstance(kind, Mapping) else {"type": kind}
    return Field(
        name=declared["name"],
        avro_type=detail["type"],
        logical_type=detail.get("logicalType"),
        optional=optional,
        symbols=tuple(detail.get("symbols", ())),
        default_symbol=detail.get("default"),
        scale=detail.get("scale", 0),
        precision=detail.get("precision", 0),
        doc=declared.get("doc", ""),
        default=declared.get("default"),
        aliases=tuple(declared.get("aliases", ())),
    )
