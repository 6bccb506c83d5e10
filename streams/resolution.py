"""Avro's schema resolution, done once for a writer's schema instead of for each event.

The result describes the same bytes in the contract's words: its field names, its types wherever these are written
alike (an int is written like a long, bytes like a string), and nothing else of the writer's schema, neither docs
nor defaults nor annotations, over which the store could stumble. See docs/schema-evolution.md for the rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from schemas.compatibility import ParsedSchema, incompatibilities, kind, parse, written_field
from schemas.contracts import Contract

#: Promotions that are written alike, so that the reader's type can stand in for the writer's.
_WRITTEN_ALIKE = frozenset({("int", "long"), ("bytes", "string")})
#: Logical types that change what a number or some bytes mean. `uuid` does not: the text is the same.
_MEANINGFUL = frozenset({
    "date", "decimal", "big-decimal", "duration", "time-millis", "time-micros", "timestamp-millis",
    "timestamp-micros", "timestamp-nanos", "local-timestamp-millis", "local-timestamp-micros",
    "local-timestamp-nanos",
})  # fmt: skip


class Misfit(Exception):
    """Why a writer's schema cannot be read under the contract, in words for the agency."""


def resolve(contract: Contract, schema: Any) -> dict[str, Any]:
    """A record schema for the bytes written with `schema`, with the contract's field names and types.

    Fields that the contract lacks keep their place as `ignored_<n>`: no name of theirs can meet one of ours.
    Raises `Misfit`, or one of `NOT_AVRO` when `schema` is no Avro schema at all.
    """
    expected = f"{contract.schema['namespace']}.{contract.schema['name']}"
    if not isinstance(schema, Mapping) or schema.get("type") != "record":
        raise Misfit(f"is no record, expected {expected}")
    reader, writer = parse(contract.schema), parse(schema)
    if writer.top["name"] not in (expected, *_full_aliases(reader.top)):
        raise Misfit(f"is {writer.top['name']}, expected {expected}")
    broken = incompatibilities(reader, writer)
    if broken:
        raise Misfit("; ".join(f"field {each.field} {each.message} ({each.rule})" for each in broken[:5]))
    fields = list(_fields(reader, writer))
    return {
        "type": "record",
        "name": contract.schema["name"],
        "namespace": contract.schema["namespace"],
        "fields": fields,
    }


def _fields(reader: ParsedSchema, writer: ParsedSchema) -> Iterator[dict[str, Any]]:
    written = {each["name"]: each for each in writer.top["fields"]}
    if len(written) < len(writer.top["fields"]):
        raise Misfit("has two fields with one name")
    ours = {}
    for declared in reader.top["fields"]:
        there = written_field(declared, written)
        if there is not None:
            ours[there["name"]] = declared
    _refuse_renamed(reader, writer, ours)
    for place, each in enumerate(writer.top["fields"]):
        declared = ours.get(each["name"])
        if declared is None:
            yield {"name": f"ignored_{place}", "type": _bare(each["type"], writer)}
        else:
            found = _Field(declared["name"], reader, writer).type_of(declared["type"], each["type"])
            yield {"name": declared["name"], "type": found}


def _refuse_renamed(reader: ParsedSchema, writer: ParsedSchema, ours: Mapping[str, Any]) -> None:
    """Avro looks at the reader's aliases alone, and would take the field's default for what was written."""
    absent = {each["name"] for each in reader.top["fields"]} - {each["name"] for each in ours.values()}
    for each in writer.top["fields"]:
        former = absent.intersection(each.get("aliases", ()))
        if each["name"] not in ours and former:
            old = min(former)
            raise Misfit(
                f"renames {old} to {each['name']}, which the contract does not know: write {old}, or wait "
                f"for a contract that declares {each['name']} with the alias {old}"
            )


class _Field:
    """One field of the contract, and how the writer writes it."""

    def __init__(self, name: str, reader: ParsedSchema, writer: ParsedSchema) -> None:
        self._name = name
        self._reader = reader
        self._writer = writer

    def type_of(self, reader: Any, writer: Any) -> Any:
        """The type to read these bytes with. A union keeps its order: its branches are written as numbers."""
        reader = self._reader.definition(reader)
        if isinstance(reader, list):
            reader = next((each for each in reader if each != "null"), "null")
        if not isinstance(writer, list):
            return self._scalar(reader, writer)
        if len([each for each in writer if _kind_in(self._writer, each) != "null"]) > 1:
            kinds = " or ".join(_kind_in(self._writer, each) for each in writer)
            raise Misfit(f"field {self._name} is {kinds}, expected one type besides null")
        return [self._scalar(reader, each) for each in writer]

    def _scalar(self, reader: Any, writer: Any) -> Any:
        reader, meant = self._reader.definition(reader), self._writer.definition(writer)
        mine, theirs = kind(reader), kind(meant)
        if theirs == "null":
            return "null"
        self._refuse_other_meaning(reader, meant)
        if mine == theirs and mine in ("enum", "fixed", "record", "array", "map"):
            return _bare(writer, self._writer)
        if mine == theirs or (theirs, mine) in _WRITTEN_ALIKE:
            return reader
        return theirs

    def _refuse_other_meaning(self, reader: Any, writer: Any) -> None:
        """Avro ignores logical types, and would take seconds for milliseconds and cents for euros."""
        mine, theirs = _logical(reader), _logical(writer)
        if mine == "decimal":
            self._refuse_other_decimal(reader, writer)
        elif theirs in _MEANINGFUL and theirs != mine:
            raise Misfit(f"field {self._name} is {theirs}, expected {mine or kind(reader)}")

    def _refuse_other_decimal(self, reader: Any, writer: Any) -> None:
        expected = f"decimal({reader['precision']}, {reader.get('scale', 0)})"
        if _logical(writer) != "decimal":
            raise Misfit(f"field {self._name} is plain {kind(writer)}, expected {expected}: state the scale")
        precision, scale = writer["precision"], writer.get("scale", 0)
        if scale != reader.get("scale", 0) or precision > reader["precision"]:
            raise Misfit(f"field {self._name} is decimal({precision}, {scale}), expected {expected}")


def _bare(schema: Any, writer: ParsedSchema, inside: tuple[str, ...] = ()) -> Any:
    """A writer's own type with what says how it is written, and nothing else. `inside`: the records around it."""
    if isinstance(schema, list):
        return [_bare(each, writer, inside) for each in schema]
    _refuse_endless(schema, writer, inside)
    if isinstance(schema, str):
        return schema
    match schema["type"]:
        case "record" | "error":
            within = (*inside, schema["name"])
            fields = [
                {"name": each["name"], "type": _bare(each["type"], writer, within)}
                for each in schema["fields"]
            ]
            return {"type": "record", "name": schema["name"], "fields": fields}
        case "enum":
            return {"type": "enum", "name": schema["name"], "symbols": schema["symbols"]}
        case "fixed":
            return {"type": "fixed", "name": schema["name"], "size": schema["size"]}
        case "array":
            return {"type": "array", "items": _bare(schema["items"], writer, inside)}
        case "map":
            return {"type": "map", "values": _bare(schema["values"], writer, inside)}
    return schema["type"]


def _refuse_endless(schema: Any, writer: ParsedSchema, inside: tuple[str, ...]) -> None:
    """A few bytes must not keep a decoder busy for ever, nor end its process by nesting.

    So no type holds itself, and each takes a byte at least where there may be many of it.
    """
    if isinstance(schema, str):
        if schema in (writer.top["name"], *inside):
            raise Misfit(f"refers to itself as {schema}: an event cannot hold another event")
        return
    match schema["type"]:
        case "record" | "error":
            if all(_kind_in(writer, each["type"]) == "null" for each in schema["fields"]):
                raise Misfit(f"has a record {schema['name']} that holds nothing")
        case "fixed":
            if schema["size"] < 1:
                raise Misfit(f"has a fixed {schema['name']} of {schema['size']} bytes")
        case "array":
            if _kind_in(writer, schema["items"]) == "null":
                raise Misfit("has an array of nulls")


def _kind_in(schema: ParsedSchema, branch: Any) -> str:
    return kind(schema.definition(branch))


def _logical(schema: Any) -> str | None:
    return schema.get("logicalType") if isinstance(schema, Mapping) else None


def _full_aliases(record: Mapping[str, Any]) -> list[str]:
    namespace = record["name"].rpartition(".")[0]
    return [alias if "." in alias else f"{namespace}.{alias}" for alias in record.get("aliases", ())]
