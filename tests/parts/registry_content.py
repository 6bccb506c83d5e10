"""What a schema registry knows: schemas with one id each, and subjects with numbered versions of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import fastavro

# Error codes of the Confluent Schema Registry's API:
# https://docs.confluent.io/platform/current/schema-registry/develop/api.html
SUBJECT_NOT_FOUND = 40401
VERSION_NOT_FOUND = 40402
SCHEMA_NOT_FOUND = 40403
SUBJECT_LEVEL_NOT_CONFIGURED = 40408
INVALID_SCHEMA = 42201
INVALID_VERSION = 42202


class RegistryError(Exception):
    """An answer other than 200: the first three digits of `code` are the HTTP status."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Registered:
    """One version of a subject."""

    subject: str
    version: int
    id: int
    schema: str

    def to_json(self) -> Mapping[str, Any]:
        return {"subject": self.subject, "version": self.version, "id": self.id, "schema": self.schema}


@dataclass(slots=True)
class RegistryContent:
    """The same schema has the same id under every subject; ids count from 1 and are never reused."""

    schemas: dict[int, str] = field(default_factory=dict)
    subjects: dict[str, list[Registered]] = field(default_factory=dict)
    compatibility: dict[str, str] = field(default_factory=dict)  # by subject; "" is the default for all

    def register(self, subject: str, schema: str) -> Registered:
        """Add the schema as the subject's next version, or return the version that has it already."""
        text = canonical_schema(schema)
        versions = self.subjects.setdefault(subject, [])
        for registered in versions:
            if registered.schema == text:
                return registered
        registered = Registered(subject, len(versions) + 1, self._id_of(text), text)
        versions.append(registered)
        return registered

    def _id_of(self, text: str) -> int:
        for schema_id, known in self.schemas.items():
            if known == text:
                return schema_id
        schema_id = len(self.schemas) + 1
        self.schemas[schema_id] = text
        return schema_id

    def versions(self, subject: str) -> list[Registered]:
        if subject not in self.subjects:
            raise RegistryError(SUBJECT_NOT_FOUND, f"Subject '{subject}' not found.")
        return self.subjects[subject]

    def lookup(self, subject: str, schema: str) -> Registered:
        text = canonical_schema(schema)
        for registered in self.versions(subject):
            if registered.schema == text:
                return registered
        raise RegistryError(SCHEMA_NOT_FOUND, f"Subject '{subject}' has no such schema.")

    def version(self, subject: str, number: str) -> Registered:
        """`number` is a version's number from 1, `latest` or `-1`."""
        versions = self.versions(subject)
        if number in ("latest", "-1"):
            return versions[-1]
        if not number.isdigit() or int(number) == 0:
            message = f"The specified version '{number}' is neither a number from 1 nor 'latest'."
            raise RegistryError(INVALID_VERSION, message)
        if int(number) > len(versions):
            raise RegistryError(VERSION_NOT_FOUND, f"Version {number} not found.")
        return versions[int(number) - 1]

    def schema(self, schema_id: int) -> str:
        if schema_id not in self.schemas:
            raise RegistryError(SCHEMA_NOT_FOUND, f"Schema {schema_id} not found")
        return self.schemas[schema_id]

    def users_of(self, schema_id: int) -> list[Registered]:
        self.schema(schema_id)
        return [one for versions in self.subjects.values() for one in versions if one.id == schema_id]


def canonical_schema(schema: str) -> str:
    """The schema's JSON without optional white space; raises RegistryError if it is no Avro schema."""
    try:
        parsed = json.loads(schema)
        fastavro.parse_schema(parsed)
    except Exception as error:  # fastavro raises whatever an odd schema makes it stumble over
        raise RegistryError(INVALID_SCHEMA, f"Invalid schema: {error!r}") from error
    return json.dumps(parsed, separators=(",", ":"), ensure_ascii=False)
