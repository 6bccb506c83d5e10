"""The schemas that agencies wrote their events with, looked up by id once and compared with the contract."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import fastavro
from fastavro.schema import SchemaParseException, UnknownType

from schemas.contracts import Contract, Field, contracts, fields_of
from schemas.frames import frame_schema
from streams.frames import container_header


class Registry(Protocol):
    """The schema registry. Raises `bewithu.errors.Unavailable` when it does not answer."""

    def schema(self, schema_id: int) -> str | None:
        """The schema's text, or None when no schema has this id."""


@dataclass(frozen=True)
class WriterSchema:
    """A schema that events of a topic may be written with."""

    header: bytes
    parsed: Any
    schema: Mapping[str, Any]

    @cached_property
    def skipped(self) -> Any:
        """A reader's schema for fastavro that wants nothing of an event but its enums, whose numbers it then checks."""
        fields = [field for field in self.schema["fields"] if "enum" in json.dumps(field["type"])]
        return fastavro.parse_schema({**self.schema, "fields": fields})


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why events with this schema id cannot be read on this topic."""

    reason: str
    detail: str


class WriterSchemas:
    """Remembers what fits; asks again for what does not, since a schema may be registered late."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._fit: dict[tuple[str, int], WriterSchema] = {}

    def find(self, topic: str, schema_id: int) -> WriterSchema | Unfit:
        known = self._fit.get((topic, schema_id))
        if known is not None:
            return known
        text = self._registry.schema(schema_id)
        if text is None:
            return Unfit(
                "unknown_schema", f"no schema has the id {schema_id}: register it, then publish again"
            )
        try:
            schema = json.loads(text)
            misfits = misfit(contracts()[topic], schema)
            if misfits:
                return Unfit("incompatible_schema", f"schema {schema_id}: {misfits}")
            found = WriterSchema(
                container_header(frame_schema(schema)), fastavro.parse_schema(schema), schema
            )
        except (ValueError, KeyError, TypeError, SchemaParseException, UnknownType) as error:
            detail = f"schema {schema_id} cannot be read as Avro: {type(error).__name__}"
            return Unfit("incompatible_schema", detail)
        self._fit[topic, schema_id] = found
        return found


def misfit(contract: Contract, schema: Any) -> str:
    """What in a writer's schema does not fit the contract, or '' when every event in it can be read."""
    expected = f"{contract.schema['namespace']}.{contract.schema['name']}"
    if not isinstance(schema, Mapping) or schema.get("type") != "record":
        return f"is no record, expected {expected}"
    name = schema["name"] if "." in schema["name"] else f"{schema.get('namespace', '')}.{schema['name']}"
    if name != expected:
        return f"is {name}, expected {expected}"
    written = {field.name: field for field in fields_of(schema)}
    declared = {field["name"]: field for field in contract.schema["fields"]}
    for field in contract.fields:
        there = written.get(field.name)
        if there is None:
            if "default" not in declared[field.name]:
                return f"lacks the field {field.name}"
        elif _shape(there) != _shape(field):
            return f"field {field.name} is {_shape(there)}, expected {_shape(field)}"
    return ""


def _shape(field: Field) -> tuple[object, ...]:
    return field.avro_type, field.logical_type, field.optional, field.scale
