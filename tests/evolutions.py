"""Random changes of a schema that Avro allows, and events as a writer with the changed schema sends them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import fastavro
from hypothesis import strategies as st

from schemas.contracts import Contract, contracts
from schemas.examples import good_examples, wire_value
from tests.intake_samples import REGISTRATION

Schema = dict[str, Any]

#: Names that a field of an agency's own may have: among them all that stand around an event in a frame.
NAMES = ("language", "row", "batch", "fence", "known_at", "kafka_time", "base_offset", "sound", "ignored_0")
_ENUM = {"type": "enum", "name": "Colour", "symbols": ["red", "green"], "default": "red"}
_RECORD = {
    "type": "record",
    "name": "Address",
    "fields": [{"name": "row", "type": ["null", "string"]}, {"name": "fence", "type": "long"}],
}
#: Types of fields that the contract lacks, each with a default and a value.
EXTRAS: Sequence[tuple[Any, Any, Any]] = (
    (["null", "string"], None, "uk"),
    (["string", "null"], "", None),
    (["null", "int", "double", "string"], None, 2.5),
    ("double", 0.0, 1.5),
    ("bytes", "", b"\x00\xff"),
    (_ENUM, "red", "green"),
    ({"type": "array", "items": ["null", "long"]}, [], [None, 5]),
    ({"type": "map", "values": "string"}, {}, {"a": "b"}),
    (["null", _RECORD], None, {"row": None, "fence": 7}),
    ({"type": "fixed", "name": "Hash", "size": 4}, "\0\0\0\0", b"abcd"),
    ({"type": "long", "logicalType": "timestamp-micros"}, 0, 5_000_000),
)  # fmt: skip


@dataclass(frozen=True)
class Writer:
    """A writer's schema, and the values that it gives to fields of its own."""

    schema: Schema
    own: Mapping[str, Any]

    def event(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """A contract's event as this writer has it: its fields, its symbols."""
        written = {}
        for each in self.schema["fields"]:
            value = self.own[each["name"]] if each["name"] in self.own else event[_contract_name(each)]
            symbols = _symbols(each["type"])
            if symbols and value is not None and value not in symbols:
                value = symbols[0]
            written[each["name"]] = (
                value.encode() if each["type"] == "bytes" and isinstance(value, str) else value
            )
        return written

    def value(self, event: Mapping[str, Any], schema_id: int) -> bytes:
        return wire_value(self.schema, self.event(event), schema_id)

    def resolved(self, event: Mapping[str, Any], reader: Mapping[str, Any]) -> Any:
        """What fastavro's schema resolution makes of the event for a reader."""
        datum = io.BytesIO()
        parsed = fastavro.parse_schema(json.loads(json.dumps(self.schema)))
        fastavro.schemaless_writer(datum, parsed, self.event(event))
        datum.seek(0)
        return fastavro.schemaless_reader(datum, parsed, fastavro.parse_schema(dict(reader)))


def _contract_name(field: Mapping[str, Any]) -> str:
    return str(field.get("contract_name", field["name"]))


def _symbols(kind: Any) -> Sequence[str]:
    branches = kind if isinstance(kind, list) else [kind]
    return next((each["symbols"] for each in branches if isinstance(each, dict) and "symbols" in each), ())


@st.composite
def writers(draw: st.DrawFn, schema: Mapping[str, Any]) -> Writer:
    """A writer whose schema came from `schema` by one to six changes that keep it readable."""
    changed: Schema = json.loads(json.dumps(schema))
    own: dict[str, Any] = {}
    for change in draw(st.lists(st.sampled_from(CHANGES), min_size=1, max_size=6)):
        change(draw, changed, own)
    fastavro.parse_schema(json.loads(json.dumps(changed)))
    return Writer(changed, own)


def add_field(draw: st.DrawFn, schema: Schema, own: dict[str, Any]) -> None:
    free = [name for name in NAMES if name not in own]
    fresh = [
        extra
        for extra in EXTRAS
        if not _named(extra[0]) & {n for f in schema["fields"] for n in _named(f["type"])}
    ]
    if free and fresh:
        name, (kind, default, value) = draw(st.sampled_from(free)), draw(st.sampled_from(fresh))
        place = draw(st.integers(0, len(schema["fields"])))
        schema["fields"].insert(place, {"name": name, "type": kind, "default": default})
        own[name] = value


def drop_field(draw: st.DrawFn, schema: Schema, own: dict[str, Any]) -> None:
    optional = [each for each in schema["fields"] if "default" in each and each["name"] not in own]
    if optional:
        schema["fields"].remove(draw(st.sampled_from(optional)))


def reorder(draw: st.DrawFn, schema: Schema, own: dict[str, Any]) -> None:
    schema["fields"] = draw(st.permutations(schema["fields"]))


def add_symbols(draw: st.DrawFn, schema: Schema, own: dict[str, Any]) -> None:
    place = draw(st.integers(0, 3))
    for enum in _enums(schema):
        if "later" not in enum["symbols"]:
            enum["symbols"].insert(min(place, len(enum["symbols"])), "later")


def drop_symbol(draw: st.DrawFn, schema: Schema, own: dict[str, Any]) -> None:
    enums = [enum for enum in _enums(schema) if len(enum["symbols"]) > 2]
    if enums:
        enum = draw(st.sampled_from(enums))
        spare = [
            symbol
            for symbol in enum["symbols"]
            if symbol not in (enum.get("default"), _default_of(schema, enum))
        ]
        enum["symbols"].remove(draw(st.sampled_from(spare)))


def turn_union(draw: st.DrawFn, schema: Schema, own: dict[str, Any]) -> None:
    for each in _pairs(draw, schema, own):
        each["type"].reverse()


def require(draw: st.DrawFn, schema: Schema, own: dict[str, Any]) -> None:
    """Only of a field that every example fills, so that there is a value to write."""
    for each in _pairs(draw, schema, own):
        if each["name"] == "person" and "person" in schema.get("about", ("person",)):
            each["type"] = next(branch for branch in each["type"] if branch != "null")
            each.pop("default", None)


def change_words(draw: st.DrawFn, schema: Schema, own: dict[str, Any]) -> None:
    schema["doc"] = draw(st.text(max_size=20))
    schema["aliases"] = ["Former"]
    for each in schema["fields"]:
        each["doc"] = "Something else."
        each["order"] = "ignore"
        each["x-note"] = {"type": "record"}


def write_namespace_in_names(draw: st.DrawFn, schema: Schema, own: dict[str, Any]) -> None:
    if "namespace" in schema:
        namespace = schema.pop("namespace")
        schema["name"] = f"{namespace}.{schema['name']}"
        for enum in _enums(schema):
            enum["namespace"] = "be.elsewhere"


def write_text_as_bytes(draw: st.DrawFn, schema: Schema, own: dict[str, Any]) -> None:
    texts = [each for each in schema["fields"] if each["type"] == "string" and each["name"] not in own]
    if texts:
        draw(st.sampled_from(texts))["type"] = "bytes"


CHANGES: Sequence[Callable[[st.DrawFn, Schema, dict[str, Any]], None]] = (
    add_field, add_field, drop_field, reorder, add_symbols, drop_symbol, turn_union, require, change_words,
    write_namespace_in_names, write_text_as_bytes,
)  # fmt: skip


#: Read once: another release, in whose place a test puts itself, would not understand these.
_EXAMPLES: Mapping[str, Sequence[Mapping[str, Any]]] = {
    topic: [each.event for each in good_examples() if each.contract.topic == topic] for topic in contracts()
}


def example(topic: str = REGISTRATION.topic, place: int = 0, **changes: Any) -> dict[str, Any]:
    """A good event of the contracts as they are, with an id of its own."""
    return {**_EXAMPLES[topic][place], "event_id": uuid4(), **changes}


def events(contract: Contract) -> st.SearchStrategy[dict[str, Any]]:
    """Good events of a contract as it is, and some that break a rule."""
    enums = {
        each.name: st.sampled_from(each.symbols)
        for each in contract.fields
        if each.symbols and not each.optional
    }
    return st.builds(
        lambda place, changed: example(contract.topic, place, **changed),
        st.integers(0, len(_EXAMPLES[contract.topic]) - 1),
        st.fixed_dictionaries({}, optional=enums),
    )


def _enums(schema: Schema) -> list[Any]:
    branches = [
        branch
        for each in schema["fields"]
        for branch in (each["type"] if isinstance(each["type"], list) else [each["type"]])
    ]
    return [each for each in branches if isinstance(each, dict) and each["type"] == "enum"]


def _default_of(schema: Schema, enum: Any) -> Any:
    return next((each.get("default") for each in schema["fields"] if each["type"] is enum), None)


def _named(kind: Any) -> set[str]:
    branches = kind if isinstance(kind, list) else [kind]
    return {each["name"] for each in branches if isinstance(each, dict) and "name" in each}


def _pairs(draw: st.DrawFn, schema: Schema, own: dict[str, Any]) -> list[Any]:
    """Some of the contract's fields that may be null."""
    found = [
        each
        for each in schema["fields"]
        if isinstance(each["type"], list) and len(each["type"]) == 2 and each["name"] not in own
    ]
    return [each for each in found if draw(st.booleans())]
