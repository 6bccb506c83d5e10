"""Whether data written with one Avro schema can be read with another, by the rules of Avro's specification.

The rules are named as schema registries name them (`SchemaIncompatibilityType` of Avro for Java). Pure functions of
two schemas; logical types are left out, as Avro leaves them out: see schemas/contract_rules.py for those.
https://avro.apache.org/docs/1.12.0/specification/#schema-resolution
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import fastavro

_PROMOTED: Mapping[str, frozenset[str]] = {
    "int": frozenset({"long", "float", "double"}),
    "long": frozenset({"float", "double"}),
    "float": frozenset({"double"}),
    "string": frozenset({"bytes"}),
    "bytes": frozenset({"string"}),
}
_NAMED = frozenset({"record", "error", "enum", "fixed"})


@dataclass(frozen=True, slots=True)
class Incompatibility:
    """One reason why a reader's schema cannot read; `field` is a path like `address.street`, '' for the whole."""

    rule: str
    field: str
    message: str


@dataclass(frozen=True)
class ParsedSchema:
    """A schema with full names everywhere, and its named types by full name."""

    top: Any
    named: Mapping[str, Any]

    def definition(self, schema: Any) -> Any:
        """What a reference stands for; anything else as it is, primitives without attributes as text."""
        if isinstance(schema, str):
            return self.named.get(schema, schema)
        if isinstance(schema, Mapping) and schema["type"] in self.named:
            return self.named[schema["type"]]
        return schema


def parse(schema: Any) -> ParsedSchema:
    """Raises what fastavro raises for a schema that is none: see `NOT_AVRO`."""
    named: dict[str, Any] = {}
    top = fastavro.parse_schema(schema, named, _force=True, _write_hint=False)
    return ParsedSchema(top, named)


#: What an odd schema makes fastavro or the JSON parser stumble over. Its own two errors are ValueErrors or Exceptions
#: depending on the release, so both are named.
NOT_AVRO = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RecursionError,
    fastavro.schema.SchemaParseException,
    fastavro.schema.UnknownType,
)


def incompatibilities(reader: ParsedSchema, writer: ParsedSchema) -> tuple[Incompatibility, ...]:
    """Every reason why `reader` may fail on data written with `writer`; empty when it can read all of it."""
    return tuple(_Reading(reader, writer).problems(reader.top, writer.top, ""))


def kind(schema: Any) -> str:
    """The Avro type of a schema that is no reference: `record`, `union`, `int`, …"""
    if isinstance(schema, list):
        return "union"
    return str(schema["type"] if isinstance(schema, Mapping) else schema)


def written_field(declared: Mapping[str, Any], written: Mapping[str, Any]) -> Any:
    """The writer's field that a reader's field `declared` reads: by its name, else by an alias; None without one.

    Raises `ValueError` when several aliases would do: nobody can tell which is meant.
    """
    if declared["name"] in written:
        return written[declared["name"]]
    former = [alias for alias in declared.get("aliases", ()) if alias in written]
    if len(former) > 1:
        raise ValueError(f"may be read from {' or '.join(former)}: write one of them")
    return written[former[0]] if former else None


@dataclass
class _Reading:
    """A comparison under way; a pair of records that is being compared is not compared again inside itself."""

    reader: ParsedSchema
    writer: ParsedSchema
    _under_way: set[tuple[str, str]] = field(default_factory=set)

    def problems(self, reader: Any, writer: Any, path: str) -> Iterator[Incompatibility]:
        reader, writer = self.reader.definition(reader), self.writer.definition(writer)
        mine, theirs = kind(reader), kind(writer)
        if theirs == "union":
            for branch in writer:
                yield from self.problems(reader, branch, path)
        elif mine == "union":
            if not any(self._reads(branch, writer, path) for branch in reader):
                message = f"is {_shown(writer)}, which is no branch of {_shown(reader)}"
                yield Incompatibility("MISSING_UNION_BRANCH", path, message)
        elif mine != theirs:
            if mine not in _PROMOTED.get(theirs, ()):
                message = f"{'may be' if theirs == 'null' else 'is'} {theirs}, expected {_shown(reader)}"
                yield Incompatibility("TYPE_MISMATCH", path, message)
        else:
            yield from self._same_kind(mine, reader, writer, path)

    def _reads(self, reader: Any, writer: Any, path: str) -> bool:
        return next(self.problems(reader, writer, path), None) is None

    def _same_kind(self, mine: str, reader: Any, writer: Any, path: str) -> Iterator[Incompatibility]:
        if mine in _NAMED and not _same_name(reader, writer):
            message = f"is named {writer['name']}, expected {reader['name']}"
            yield Incompatibility("NAME_MISMATCH", path, message)
        if mine in ("record", "error"):
            yield from self._records(reader, writer, path)
        elif mine == "enum":
            yield from _enums(reader, writer, path)
        elif mine == "fixed" and reader["size"] != writer["size"]:
            message = f"has {writer['size']} bytes, expected {reader['size']}"
            yield Incompatibility("FIXED_SIZE_MISMATCH", path, message)
        elif mine in ("array", "map"):
            inside = "items" if mine == "array" else "values"
            yield from self.problems(reader[inside], writer[inside], _below(path, inside))

    def _records(self, reader: Any, writer: Any, path: str) -> Iterator[Incompatibility]:
        pair = (reader["name"], writer["name"])
        if pair in self._under_way:
            return
        self._under_way.add(pair)
        try:
            written = {each["name"]: each for each in writer["fields"]}
            for declared in reader["fields"]:
                yield from self._field(declared, written, _below(path, declared["name"]))
        finally:
            self._under_way.discard(pair)

    def _field(self, declared: Any, written: Mapping[str, Any], path: str) -> Iterator[Incompatibility]:
        try:
            there = written_field(declared, written)
        except ValueError as error:
            yield Incompatibility("AMBIGUOUS_ALIAS", path, str(error))
            return
        if there is not None:
            yield from self.problems(declared["type"], there["type"], path)
        elif "default" not in declared:
            message = "is not written, and the reader has no default for it"
            yield Incompatibility("READER_FIELD_MISSING_DEFAULT_VALUE", path, message)


def _enums(reader: Any, writer: Any, path: str) -> Iterator[Incompatibility]:
    missing = [symbol for symbol in writer["symbols"] if symbol not in reader["symbols"]]
    if missing and reader.get("default") not in reader["symbols"]:
        message = f"may be {', '.join(missing)}, which the reader does not know, and its enum has no default"
        yield Incompatibility("MISSING_ENUM_SYMBOLS", path, message)


def _same_name(reader: Any, writer: Any) -> bool:
    """By the specification unqualified names count; an alias without a namespace is in its type's own."""
    if _unqualified(reader["name"]) == _unqualified(writer["name"]):
        return True
    namespace = reader["name"].rpartition(".")[0]
    aliases = {
        alias if "." in alias or not namespace else f"{namespace}.{alias}"
        for alias in reader.get("aliases", ())
    }
    return writer["name"] in aliases


def _unqualified(name: str) -> str:
    return name.rpartition(".")[2]


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _shown(schema: Any) -> str:
    if isinstance(schema, list):
        return " or ".join(map(_shown, schema))
    if isinstance(schema, Mapping):
        return str(schema["name"] if schema["type"] in _NAMED else schema["type"])
    return str(schema)
