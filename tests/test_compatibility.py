"""Avro's compatibility rules, checked against fastavro: what we call compatible, it reads."""

from __future__ import annotations

import io
import json
from typing import Any

import fastavro
import pytest
from fastavro.utils import generate_one
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.compatibility import Incompatibility, incompatibilities, parse
from tests.schema_pairs import pairs

ENUM = {"type": "enum", "name": "Colour", "symbols": ["red", "green"]}
OPEN = {**ENUM, "default": "red"}
MORE = {**ENUM, "symbols": ["red", "green", "blue"]}


def found(reader: Any, writer: Any) -> list[Incompatibility]:
    return list(incompatibilities(parse(reader), parse(writer)))


def record(*fields: Any, **changes: Any) -> dict[str, Any]:
    return {"type": "record", "name": "Top", "namespace": "be.x", "fields": list(fields), **changes}


def field(kind: Any, **changes: Any) -> dict[str, Any]:
    return {"name": "f", "type": kind, **changes}


def with_text(value: Any) -> Any:
    """The same with bytes that can be promoted to text."""
    match value:
        case bytes():
            return b"a" * len(value)
        case list():
            return [with_text(each) for each in value]
        case dict():
            return {name: with_text(each) for name, each in value.items()}
    return value


@settings(max_examples=300)
@given(pairs())
def test_what_is_called_compatible_can_be_read(pair: tuple[Any, Any]) -> None:
    reader, writer = pair
    if found(reader, writer):
        return
    parsed_writer, parsed_reader = (
        fastavro.parse_schema(json.loads(json.dumps(each))) for each in (writer, reader)
    )
    for _ in range(5):
        datum = io.BytesIO()
        fastavro.schemaless_writer(datum, parsed_writer, with_text(generate_one(parsed_writer)))
        datum.seek(0)
        fastavro.schemaless_reader(datum, parsed_writer, parsed_reader)
        assert datum.read() == b""


@given(st.data())
@settings(max_examples=50)
def test_a_schema_reads_itself(data: st.DataObject) -> None:
    schema, _ = data.draw(pairs())
    assert found(schema, schema) == []


#: Reader's field, writer's field, the rule that is broken ('' for none).
FIELDS: dict[str, tuple[Any, Any, str]] = {
    "an int for a long": (field("long"), field("int"), ""),
    "a long for an int": (field("int"), field("long"), "TYPE_MISMATCH"),
    "an int for a double": (field("double"), field("int"), ""),
    "a long for a float": (field("float"), field("long"), ""),
    "a float for a double": (field("double"), field("float"), ""),
    "a double for a float": (field("float"), field("double"), "TYPE_MISMATCH"),
    "bytes for text": (field("string"), field("bytes"), ""),
    "text for bytes": (field("bytes"), field("string"), ""),
    "text for a number": (field("int"), field("string"), "TYPE_MISMATCH"),
    "text where null may be": (field(["null", "string"]), field("string"), ""),
    "null where none may be": (field("string"), field(["null", "string"]), "TYPE_MISMATCH"),
    "null last": (field(["null", "string"]), field(["string", "null"]), ""),
    "a branch less": (field(["null", "int"]), field(["null", "string"]), "MISSING_UNION_BRANCH"),
    "a known symbol less": (field(MORE), field(ENUM), ""),
    "an unknown symbol": (field(ENUM), field(MORE), "MISSING_ENUM_SYMBOLS"),
    "an unknown symbol, and a default": (field(OPEN), field(MORE), ""),
    "an enum of another name": (field(ENUM), field({**ENUM, "name": "Shade"}), "NAME_MISMATCH"),
    "an enum by its alias": (field({**ENUM, "aliases": ["Shade"]}), field({**ENUM, "name": "Shade"}), ""),
    "an enum of another namespace": (field(ENUM), field({**ENUM, "namespace": "be.y"}), ""),
    "text for an enum": (field(ENUM), field("string"), "TYPE_MISMATCH"),
    "fixed of another size": (
        field({"type": "fixed", "name": "H", "size": 4}),
        field({"type": "fixed", "name": "H", "size": 8}),
        "FIXED_SIZE_MISMATCH",
    ),
    "a list of something else": (
        field({"type": "array", "items": "int"}),
        field({"type": "array", "items": "string"}),
        "TYPE_MISMATCH",
    ),
    "a field that is not written": (
        field("int"),
        {"name": "g", "type": "int"},
        "READER_FIELD_MISSING_DEFAULT_VALUE",
    ),
    "a default for what is not written": (field("int", default=0), {"name": "g", "type": "int"}, ""),
    "the reader's alias": (field("int", aliases=["g"]), {"name": "g", "type": "int"}, ""),
    "the writer's alias": (
        field("int"),
        {"name": "g", "type": "int", "aliases": ["f"]},
        "READER_FIELD_MISSING_DEFAULT_VALUE",
    ),
}


@pytest.mark.parametrize("case", FIELDS)
def test_a_rule_is_named_as_registries_name_it(case: str) -> None:
    reader, writer, rule = FIELDS[case]
    assert [each.rule for each in found(record(reader), record(writer))] == [rule] * bool(rule)


def test_a_finding_names_the_path_to_the_field() -> None:
    def address(kind: str) -> dict[str, Any]:
        inner = {"type": "record", "name": "Address", "fields": [{"name": "street", "type": kind}]}
        return record({"name": "places", "type": {"type": "array", "items": inner}})

    (finding,) = found(address("string"), address("int"))
    assert (finding.field, finding.message) == ("places.items.street", "is int, expected string")


def test_a_writer_that_has_two_of_the_readers_aliases_is_ambiguous() -> None:
    writer = record({"name": "g", "type": "int"}, {"name": "h", "type": "int"})
    (finding,) = found(record(field("int", aliases=["g", "h"])), writer)
    assert (finding.rule, finding.field) == ("AMBIGUOUS_ALIAS", "f")


def test_a_name_goes_before_its_aliases() -> None:
    writer = record({"name": "g", "type": "string"}, field("int"))
    assert found(record(field("int", aliases=["g"])), writer) == []


def test_a_record_that_holds_itself_is_compared_to_its_end() -> None:
    def chain(kind: str) -> dict[str, Any]:
        return record({"name": "next", "type": ["null", "be.x.Top"]}, field(kind))

    assert found(chain("long"), chain("int")) == []
    assert {each.rule for each in found(chain("int"), chain("long"))} >= {"TYPE_MISMATCH"}
    assert found(chain("int"), chain("string")) != []


def test_a_type_may_be_defined_where_it_is_used_or_referred_to() -> None:
    inline = record(field(ENUM), {"name": "g", "type": {**ENUM, "name": "Other"}})
    referring = record(
        {"name": "own", "type": {**ENUM, "name": "Other"}}, {"name": "g", "type": "Other"}, field(ENUM)
    )
    assert found(inline, referring) == []
