"""What bewithu asks of a contract's schema beyond Avro, and which changes of it Avro would let pass in silence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from schemas.compatibility import Incompatibility, ParsedSchema, kind, written_field
from schemas.frames import COLUMNS

FILE_NAME = re.compile(r"(?P<event_type>[a-z_]+)\.v(?P<major>[1-9][0-9]*)\.avsc")
_COLUMN = re.compile(r"[a-z][a-z0-9_]*")
#: Columns that stand beside an event's own in the store.
_TAKEN = frozenset({*COLUMNS, "sound", "version"})

#: The fields that every event starts with: name, type without null, logical type, whether null is allowed.
ENVELOPE = (
    ("event_id", "string", "uuid", False),
    ("revision", "int", None, False),
    ("cancelled", "boolean", None, False),
    ("agency", "string", None, False),
    ("occurred_at", "long", "timestamp-millis", False),
    ("recorded_at", "long", "timestamp-millis", False),
    ("person", "string", None, True),
    ("household", "string", None, True),
    ("municipality", "string", None, False),
)

#: Types that a column can have (sinks/clickhouse/contract_tables.py).
STORABLE = frozenset({
    ("boolean", None), ("int", None), ("int", "date"), ("long", None), ("long", "timestamp-millis"), ("float", None),
    ("double", None), ("string", None), ("string", "uuid"), ("enum", None), ("bytes", "decimal"),
})  # fmt: skip


def broken_rules(file: str, schema: ParsedSchema) -> Iterator[Incompatibility]:
    """What is wrong with the contract in `file` (a name without its folder), whatever it was before."""
    match = FILE_NAME.fullmatch(file)
    if not match:
        yield Incompatibility("FILE_NAME", "", "is no name like registration.v1.avsc")
        return
    if kind(schema.top) != "record":
        yield Incompatibility("TYPE_MISMATCH", "", f"is {kind(schema.top)}, expected a record")
        return
    camel = "".join(word.capitalize() for word in match["event_type"].split("_"))
    expected = f"be.bewithu.v{match['major']}.{camel}"
    if schema.top["name"] != expected:
        topic = f"bewithu.{match['event_type']}.v{match['major']}"
        message = f"is named {schema.top['name']}, expected {expected} for the topic {topic}"
        yield Incompatibility("TOPIC_NAME_MISMATCH", "", message)
    if not schema.top.get("doc"):
        yield Incompatibility("DOC_MISSING", "", "has no doc: say what the event is")
    yield from _envelope(schema)
    names = [each["name"] for each in schema.top["fields"]]
    for field in schema.top["fields"]:
        yield from _field(schema, field, names)


def _envelope(schema: ParsedSchema) -> Iterator[Incompatibility]:
    fields = schema.top["fields"]
    for place, expected in enumerate(ENVELOPE):
        there = _summary(schema, fields[place]) if place < len(fields) else None
        if there != expected:
            name, type_, logical, optional = expected
            words = f"{logical or type_}{' or null' if optional else ''}"
            message = f"is not field {place + 1} as {words}: every event starts with the same fields"
            yield Incompatibility("ENVELOPE_CHANGED", name, message)


def _field(schema: ParsedSchema, field: Any, names: list[str]) -> Iterator[Incompatibility]:
    name, value = field["name"], _value_type(schema, field)
    logical = value.get("logicalType") if isinstance(value, Mapping) else None
    if not field.get("doc"):
        yield Incompatibility("DOC_MISSING", name, "has no doc: say what it means")
    if names.count(name) > 1 or name in _TAKEN or not _COLUMN.fullmatch(name):
        yield Incompatibility(
            "NAME_TAKEN", name, "cannot be a column: a-z, 0-9 and _, and no name of the store's own"
        )
    for alias in field.get("aliases", ()):
        if alias in names or alias in _TAKEN or not _COLUMN.fullmatch(alias):
            yield Incompatibility(
                "ALIAS_TAKEN", name, f"has the alias {alias}, which cannot be another column"
            )
    if (kind(value), logical) not in STORABLE:
        message = f"is {logical or kind(value)}, which no column holds"
        yield Incompatibility("TYPE_NOT_STORABLE", name, message)
    if kind(value) == "enum" and value.get("default") not in value["symbols"]:
        message = "is an enum without a default symbol: values of later versions have nowhere to go"
        yield Incompatibility("ENUM_DEFAULT_MISSING", name, message)
    if logical and field.get("default") is not None:
        message = f"is {logical} with the default {field['default']!r}, expected null or none"
        yield Incompatibility("DEFAULT_NOT_STORABLE", name, message)


def silent_changes(new: ParsedSchema, old: ParsedSchema) -> Iterator[Incompatibility]:
    """Changes from `old` that Avro and registries accept, and that would change what is stored."""
    if kind(new.top) != "record" or kind(old.top) != "record":
        return
    written = {each["name"]: each for each in old.top["fields"]}
    aliases = {alias for each in new.top["fields"] for alias in (each["name"], *each.get("aliases", ()))}
    for field in old.top["fields"]:
        for alias in field.get("aliases", ()):
            if alias not in aliases:
                message = (
                    f"no longer has the alias {alias}: agencies that write {alias} would lose its values"
                )
                yield Incompatibility("ALIAS_REMOVED", field["name"], message)
    for field in new.top["fields"]:
        try:
            there = written_field(field, written)
        except ValueError:
            continue  # told already, as AMBIGUOUS_ALIAS
        if there is not None:
            yield from _changed(field, _value_type(new, field), there, _value_type(old, there))


def _changed(field: Any, value: Any, old_field: Any, old_value: Any) -> Iterator[Incompatibility]:
    meaning, was = _meaning(value), _meaning(old_value)
    if kind(value) == kind(old_value) and meaning != was:
        message = (
            f"is {meaning or kind(value)}, it was {was or kind(old_value)}: the same bytes mean another value"
        )
        yield Incompatibility("LOGICAL_TYPE_MISMATCH", field["name"], message)
    defaults = [each["default"] for each in (field, old_field) if "default" in each]
    symbols = [
        each["default"] for each in (value, old_value) if isinstance(each, Mapping) and "default" in each
    ]
    for now_and_then in (defaults, symbols):
        if len(now_and_then) == 2 and now_and_then[0] != now_and_then[1]:
            message = f"has the default {now_and_then[0]!r}, it was {now_and_then[1]!r}: events without it would change"
            yield Incompatibility("DEFAULT_CHANGED", field["name"], message)


def _meaning(value: Any) -> str:
    if not isinstance(value, Mapping) or "logicalType" not in value:
        return ""
    if value["logicalType"] == "decimal":
        return f"decimal({value.get('precision')}, {value.get('scale', 0)})"
    return str(value["logicalType"])


def _summary(schema: ParsedSchema, field: Any) -> tuple[str, str, str | None, bool]:
    value = _value_type(schema, field)
    logical = value.get("logicalType") if isinstance(value, Mapping) else None
    return field["name"], kind(value), logical, isinstance(field["type"], list) and "null" in field["type"]


def _value_type(schema: ParsedSchema, field: Any) -> Any:
    """A field's type without null; a union of several types stays a union."""
    declared = schema.definition(field["type"])
    if not isinstance(declared, list):
        return declared
    values = [each for each in declared if each != "null"]
    return schema.definition(values[0]) if len(values) == 1 else declared
