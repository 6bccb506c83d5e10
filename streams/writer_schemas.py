"""The schemas that agencies wrote their events with, looked up by id once and resolved against the contract."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import fastavro

from schemas.compatibility import NOT_AVRO
from schemas.contracts import Contract, contracts
from schemas.frames import frame_schema
from streams.frames import container_header
from streams.plain_form import PlainForm, plain_form
from streams.resolution import Misfit, resolve


class Registry(Protocol):
    """The schema registry. Raises `bewithu.errors.Unavailable` when it does not answer."""

    def schema(self, schema_id: int) -> str | None:
        """The schema's text, or None when no schema has this id."""


@dataclass(frozen=True)
class WriterSchema:
    """A schema that events of a topic may be written with.

    `schema` describes the bytes with the contract's field names (streams/resolution.py); `parsed` is the same for
    fastavro, `header` starts a file of frames around it. `defaults` has the contract's fields that are not written.
    """

    header: bytes
    parsed: Any
    schema: Mapping[str, Any]
    defaults: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def skipped(self) -> Any:
        """A reader's schema for fastavro that wants nothing of an event but its enums, whose numbers it then checks."""
        enums = [each for each in self.schema["fields"] if '"enum"' in json.dumps(each["type"])]
        return fastavro.parse_schema({**self.schema, "fields": enums})

    @cached_property
    def form(self) -> PlainForm:
        """For a look at an event without decoding it."""
        return plain_form(self.schema)


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why events with this schema id cannot be read on this topic."""

    reason: str
    detail: str


class WriterSchemas:
    """Remembers what fits, for good: an id never gets another schema.

    What does not fit is asked for again, once for each batch and id: a schema may be registered late, and an event
    that came after it must not be refused for an answer from before.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._fit: dict[tuple[str, int], WriterSchema] = {}

    def find(self, topic: str, schema_id: int) -> WriterSchema | Unfit:
        """Call it once for all of a batch's events with this id: what is unfit costs a question to the registry."""
        known = self._fit.get((topic, schema_id))
        if known is not None:
            return known
        text = self._registry.schema(schema_id)
        if text is None:
            return Unfit(
                "unknown_schema", f"no schema has the id {schema_id}: register it, then publish again"
            )
        try:
            found = writer_schema(contracts()[topic], json.loads(text))
        except Misfit as error:
            return Unfit("incompatible_schema", f"schema {schema_id}: {error}")
        except NOT_AVRO as error:
            detail = f"schema {schema_id} cannot be read as Avro: {type(error).__name__}"
            return Unfit("incompatible_schema", detail)
        self._fit[topic, schema_id] = found
        return found


def writer_schema(contract: Contract, schema: Any) -> WriterSchema:
    """How to read events of `contract` that were written with `schema`.

    Raises `Misfit` when that cannot be, and one of `NOT_AVRO` when `schema` is no Avro schema.
    """
    resolved = resolve(contract, schema)
    fastavro.parse_schema(frame_schema(resolved))  # a name of the writer's may be one of the frame's own
    written = {each["name"] for each in resolved["fields"]}
    return WriterSchema(
        header=container_header(frame_schema(resolved)),
        parsed=fastavro.parse_schema(resolved),
        schema=resolved,
        defaults={each.name: each.default for each in contract.fields if each.name not in written},
    )
