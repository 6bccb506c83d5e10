"""Schemas that nobody should write hold nothing up, and the registry is not asked more than needed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest

from sinks.clickhouse.database import Database
from streams.writer_schemas import Unfit, WriterSchemas
from tests.evolutions import example
from tests.intake_samples import (
    REGISTRATION,
    Registry,
    batch,
    contract_id,
    encoded,
    facts,
    intake_to,
    quarantined,
)
from tests.test_writer_schemas import added, changed, schema_of

# --- schemas that nobody should write ---

FENCE = {"type": "fixed", "name": "Fence", "namespace": "be.bewithu.frame", "size": 4}
NODE = {"type": "record", "name": "Node", "fields": [{"name": "next", "type": ["null", "Node"]}]}
TREE = {
    "type": "record",
    "name": "Tree",
    "fields": [{"name": "leaves", "type": {"type": "array", "items": NODE | {"name": "Leaf"}}}],
}
TREE["fields"][0]["type"]["items"]["fields"] = [{"name": "tree", "type": ["null", "Tree"]}]  # type: ignore[index]
NOTHING = {"type": "record", "name": "Nothing", "fields": [{"name": "more", "type": "null"}]}
ODD: dict[str, str] = {
    "a list without an end": json.dumps(added({"name": "note", "type": ["null", NODE]})),
    "records that hold each other": json.dumps(added({"name": "note", "type": ["null", TREE]})),
    "an array of nulls": json.dumps(
        added({"name": "note", "type": {"type": "array", "items": "null"}, "default": []})
    ),
    "a map of records without content": json.dumps(
        added({"name": "note", "type": {"type": "map", "values": NOTHING}, "default": {}})
    ),
    "a fixed of no bytes": json.dumps(
        added({"name": "note", "type": {"type": "fixed", "name": "None", "size": 0}, "default": ""})
    ),
    "a type of the frame's own": json.dumps(added({"name": "fence", "type": ["null", FENCE]})),
    "a record that holds itself": json.dumps(
        added({"name": "before", "type": ["null", "be.bewithu.v1.Registration"]})
    ),
    "two fields of one name": json.dumps(added({"name": "sex", "type": ["null", "int"]})),
    "a mark of fastavro's": json.dumps({**schema_of(), "__fastavro_parsed": True, "fields": [1]}),
    "types without an end": '{"type":"record","name":"be.bewithu.v1.Registration","fields":' + "[" * 100_000,
    "fields that are a number": json.dumps(schema_of() | {"fields": 7}),
    "a name that is a list": json.dumps(schema_of() | {"name": ["Registration"]}),
    "aliases that are a number": json.dumps(added({"name": "x", "type": ["null", "int"], "aliases": 7})),
    "a decimal without precision": json.dumps(
        changed("agency", type={"type": "bytes", "logicalType": "decimal"})
    ),
    "null": "null",
    "no JSON": "}{",
}


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_schema_is_refused_and_holds_nothing_up(kind: str, database: Database) -> None:
    registry = Registry()
    registry.texts[21] = ODD[kind]
    event = example()
    intake_to(database, registry).take(batch([b"\0\0\0\0\x15" + encoded(event)[5:], encoded(event)]))
    (row,) = quarantined(database)
    assert (row["reason"], row["offset"]) == ("incompatible_schema", 40)
    assert row["detail"].startswith("schema 21")
    assert len(facts(database)) == 1


# --- questions to the registry ---


@dataclass
class Asked(Registry):
    """Notes each id that is asked for."""

    ids: list[int] = field(default_factory=list)

    def schema(self, schema_id: int) -> str | None:
        self.ids.append(schema_id)
        return super().schema(schema_id)


def test_an_unknown_id_is_asked_for_once_a_batch_however_often_it_comes(database: Database) -> None:
    registry = Asked()
    registry.texts[77] = json.dumps({"type": "string"})
    intake = intake_to(database, registry)
    values = [b"\0\0\0\0\x63" + b"x" * 20, b"\0\0\0\0\x4d" + b"x" * 20, encoded(example())] * 500
    own = contract_id(REGISTRATION)
    for round_, more in ((1, [own, 77, 99]), (2, [own, 77, 77, 99, 99])):
        refused = intake.take(batch(values, first_offset=10_000 * round_)).refused
        assert len(refused) == 1000
        assert sorted(registry.ids) == more


def test_a_schema_that_is_registered_after_it_was_asked_for_is_found_at_the_next_question() -> None:
    registry = Registry({})
    writers = WriterSchemas(registry)
    assert isinstance(writers.find(REGISTRATION.topic, 21), Unfit)
    registry.texts[21] = REGISTRATION.schema_text
    found = writers.find(REGISTRATION.topic, 21)
    assert not isinstance(found, Unfit)
    assert [each["name"] for each in found.schema["fields"]] == [each.name for each in REGISTRATION.fields]
