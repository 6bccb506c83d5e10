"""A writer's schema is resolved against the contract as Avro does it, and refused where a value could go wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from schemas.contracts import contract_of
from schemas.examples import wire_value
from sinks.clickhouse.database import Database
from streams.decoding import decode
from streams.resolution import Misfit
from streams.writer_schemas import writer_schema
from tests.evolutions import example
from tests.intake_samples import REGISTRATION, Registry, batch, facts, intake_to
from tests.releases import evolved, upgraded

BENEFIT = contract_of("benefit_grant")
Schema = dict[str, Any]


def schema_of(contract: Any = REGISTRATION) -> Schema:
    schema: Schema = json.loads(contract.schema_text)
    return schema


def changed(name: str, contract: Any = REGISTRATION, /, **changes: Any) -> Schema:
    """The contract's schema with one field changed."""
    schema = schema_of(contract)
    next(each for each in schema["fields"] if each["name"] == name).update(changes)
    return schema


def added(*fields: Any) -> Schema:
    schema = schema_of()
    schema["fields"] += [{"default": None, **each} for each in fields]
    return schema


def names(schema: Mapping[str, Any]) -> list[str]:
    return [each["name"] for each in schema["fields"]]


# --- names ---


def test_a_field_written_under_the_contracts_alias_has_the_contracts_name() -> None:
    contract = evolved(
        REGISTRATION, changed("nationality", name="citizenship", aliases=["nationality", "land"])
    )
    for old in ("nationality", "land", "citizenship"):
        written = changed("nationality", name=old)
        found = writer_schema(contract, written)
        assert names(found.schema) == names(contract.schema)
        assert b"citizenship" in found.header
        value = wire_value(written, example(nationality="SYR") | {old: "SYR"}, 1)
        event = decode(value, found)
        assert isinstance(event, Mapping)
        assert event["citizenship"] == "SYR"
        assert set(event) == set(names(contract.schema))


@pytest.mark.parametrize("name", ["nationality", "agency"])
def test_a_field_that_the_writer_alone_renames_is_refused_and_not_read_as_absent(name: str) -> None:
    with pytest.raises(Misfit) as caught:
        writer_schema(REGISTRATION, changed(name, name="other_name", aliases=[name]))
    assert name in str(caught.value)
    if name == "nationality":  # Avro would read null for what was written
        assert str(caught.value) == (
            "renames nationality to other_name, which the contract does not know: write nationality, or wait for a "
            "contract that declares other_name with the alias nationality"
        )


def test_a_field_of_the_writers_own_never_meets_a_name_of_ours() -> None:
    frame = ("batch", "known_at", "kafka_partition", "base_offset", "row", "kafka_time", "fence", "sound")
    found = writer_schema(REGISTRATION, added(*({"name": each, "type": ["null", "long"]} for each in frame)))
    own = names(found.schema)[len(REGISTRATION.fields) :]
    assert own == [f"ignored_{len(REGISTRATION.fields) + place}" for place in range(len(frame))]


def test_both_an_old_and_the_new_name_may_be_written_and_the_new_one_counts() -> None:
    contract = evolved(REGISTRATION, changed("nationality", name="citizenship", aliases=["nationality"]))
    written = added({"name": "citizenship", "type": ["null", "string"]})
    event = decode(
        wire_value(written, example(nationality="SYR", citizenship="UKR"), 1),
        writer_schema(contract, written),
    )
    assert isinstance(event, Mapping)
    assert event["citizenship"] == "UKR"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(
            {"name": "be.bewithu.v1.Registration", "namespace": None}, id="the namespace in the name"
        ),
        pytest.param(
            {"name": "be.bewithu.v1.Registration", "namespace": "be.other"},
            id="a namespace that is overruled",
        ),
    ],
)
def test_a_record_may_spell_its_name_in_any_way(changes: Schema) -> None:
    written = {name: value for name, value in (schema_of() | changes).items() if value is not None}
    assert names(writer_schema(REGISTRATION, written).schema) == names(REGISTRATION.schema)


def test_a_record_may_have_a_former_name_that_the_contract_declares() -> None:
    contract = evolved(REGISTRATION, schema_of() | {"aliases": ["Enrolment", "be.old.Entry"]})
    for name in ("be.bewithu.v1.Enrolment", "be.old.Entry"):
        assert writer_schema(contract, schema_of() | {"name": name}).schema["name"] == "Registration"
    with pytest.raises(Misfit, match=r"is be\.old\.Other, expected be\.bewithu\.v1\.Registration"):
        writer_schema(contract, schema_of() | {"name": "be.old.Other"})


def test_an_enum_has_the_contracts_name_an_alias_of_it_or_is_refused() -> None:
    schema = schema_of()
    sex = next(each for each in schema["fields"] if each["name"] == "sex")
    sex["type"]["aliases"] = ["Gender"]
    written = json.loads(json.dumps(schema).replace('"Sex"', '"Gender"'))
    writer_schema(evolved(REGISTRATION, schema), written)
    with pytest.raises(
        Misfit, match=r"sex is named be\.bewithu\.v1\.Gender, expected be\.bewithu\.v1\.Sex \(NAME_MISMATCH"
    ):
        writer_schema(REGISTRATION, written)


def test_a_type_that_is_defined_in_one_field_and_named_in_another_is_stored(database: Database) -> None:
    sex = {"type": "enum", "name": "Sex", "namespace": "be.agency", "symbols": ["male", "other", "female"]}
    written = changed("sex", type="be.agency.Sex")
    written["fields"].insert(0, {"name": "partners_sex", "type": sex})
    registry = Registry({21: json.dumps(written)})
    event = example(sex="female", partners_sex="male")
    assert intake_to(database, registry).take(batch([wire_value(written, event, 21)])).refused == []
    assert [row[names(REGISTRATION.schema).index("sex")] for row in facts(database)] == ["female"]


# --- types ---

PROBES: list[Schema] = [
    {"name": "whole", "type": "long", "default": 0},
    {"name": "single", "type": "float", "default": 0.0},
    {"name": "twofold", "type": "double", "default": 0.0},
    {"name": "note", "type": "string", "default": ""},
    {
        "name": "moment",
        "type": ["null", {"type": "long", "logicalType": "timestamp-millis"}],
        "default": None,
    },
]
BIG = 2**31 - 1
#: A field, the type it is written in, the value written, the value that Avro's promotion gives.
PROMOTED: list[tuple[str, Any, Any, Any]] = [
    ("whole", "int", -BIG, -BIG),
    ("single", "int", 1 << 24, float(1 << 24)),
    ("single", "long", 2**40, float(2**40)),
    ("twofold", "int", BIG, float(BIG)),
    ("twofold", "long", 2**53, float(2**53)),
    ("twofold", "float", 0.5, 0.5),
    ("note", "bytes", "Lüttich".encode(), "Lüttich"),
    ("moment", "int", BIG, datetime(1970, 1, 25, 20, 31, 23, 647_000, tzinfo=UTC)),
    ("moment", "long", 5, datetime(1970, 1, 1, 0, 0, 0, 5_000, tzinfo=UTC)),
    ("moment", ["null", "int"], None, None),
    ("moment", ["int", "null"], 7, datetime(1970, 1, 1, 0, 0, 0, 7_000, tzinfo=UTC)),
    ("moment", "null", None, None),
    ("moment", ["null"], None, None),
    ("moment", ["long"], 5, datetime(1970, 1, 1, 0, 0, 0, 5_000, tzinfo=UTC)),
    ("event_id", "bytes", b"6f1ed002-ab8e-4a52-9c0d-5a4c2f7f0001", "6f1ed002-ab8e-4a52-9c0d-5a4c2f7f0001"),
    ("event_id", "string", "6f1ed002-ab8e-4a52-9c0d-5a4c2f7f0002", "6f1ed002-ab8e-4a52-9c0d-5a4c2f7f0002"),
    ("valid_until", ["null", "int"], 20_000, date(2024, 10, 4)),
    ("valid_until", "int", 20_000, date(2024, 10, 4)),
]  # fmt: skip


def test_every_promotion_of_avro_is_stored_as_avro_gives_it(database: Database) -> None:
    schema = schema_of()
    schema["fields"] += [{"doc": "For a test.", **each} for each in PROBES]
    contract = evolved(REGISTRATION, schema)
    registry, values = Registry({}), []
    for number, (name, kind, value, _) in enumerate(PROMOTED, 21):
        written = schema_of()
        written["fields"] = [each for each in written["fields"] if each["name"] != name]
        written["fields"].insert(number % 8, {"name": name, "type": kind})
        registry.texts[number] = json.dumps(written)
        values.append(wire_value(written, example(**{"revision": number, name: value}), number))
    with upgraded(database, contract):
        assert intake_to(database, registry).take(batch(values, contract)).refused == []
        for number, (name, kind, value, expected) in enumerate(PROMOTED, 21):
            stored = database.value(f"SELECT {name} FROM facts_registration WHERE revision = {number}")
            if isinstance(stored, datetime):
                stored = stored.replace(tzinfo=UTC)
            assert str(stored) == str(expected), (name, kind, value)


DECIMAL = {"type": "bytes", "logicalType": "decimal"}
MICROS = {"type": "long", "logicalType": "timestamp-micros"}
#: A field, a type that it must not be written in, and words of the reason.
REFUSED: list[tuple[Any, str, Any, str]] = [
    (REGISTRATION, "revision", "long", "revision is long, expected int (TYPE_MISMATCH)"),
    (REGISTRATION, "occurred_at", MICROS, "occurred_at is timestamp-micros, expected timestamp-millis"),
    (REGISTRATION, "occurred_at", "double", "occurred_at is double, expected long (TYPE_MISMATCH)"),
    (REGISTRATION, "occurred_at", "string", "occurred_at is string, expected long (TYPE_MISMATCH)"),
    (REGISTRATION, "revision", {"type": "int", "logicalType": "date"}, "revision is date, expected int"),
    (REGISTRATION, "valid_until", {"type": "int", "logicalType": "time-millis"}, "is time-millis, expected date"),
    (REGISTRATION, "nationality", ["null", "string", "bytes"], "is null or string or bytes, expected one type"),
    (REGISTRATION, "sex", "string", "sex is string, expected be.bewithu.v1.Sex (TYPE_MISMATCH)"),
    (REGISTRATION, "agency", "null", "agency may be null, expected string"),
    (BENEFIT, "amount", ["null", "bytes"], "amount is plain bytes, expected decimal(10, 2): state the scale"),
    (BENEFIT, "amount", ["null", "string"], "amount is plain string, expected decimal(10, 2): state the scale"),
    (BENEFIT, "amount", DECIMAL | {"precision": 10, "scale": 3}, "is decimal(10, 3), expected decimal(10, 2)"),
    (BENEFIT, "amount", DECIMAL | {"precision": 12, "scale": 2}, "is decimal(12, 2), expected decimal(10, 2)"),
]  # fmt: skip


@pytest.mark.parametrize(("contract", "name", "kind", "words"), REFUSED)
def test_a_type_whose_values_could_go_wrong_is_refused_with_a_reason(
    contract: Any, name: str, kind: Any, words: str
) -> None:
    written = changed(name, contract, type=kind)
    next(each for each in written["fields"] if each["name"] == name).pop("default", None)
    with pytest.raises(Misfit) as caught:
        writer_schema(contract, written)
    assert words in str(caught.value)


def test_a_decimal_with_fewer_digits_is_stored(database: Database) -> None:
    """ClickHouse itself refuses a file whose decimal has another precision than the column."""
    written = changed("amount", BENEFIT, type=["null", DECIMAL | {"precision": 6, "scale": 2}])
    registry = Registry({21: json.dumps(written)})
    place = next(i for i in range(20) if example(BENEFIT.topic, i)["amount"])
    event = example(BENEFIT.topic, place, amount=Decimal("1093.07"))
    assert intake_to(database, registry).take(batch([wire_value(written, event, 21)], BENEFIT)).refused == []
    assert database.rows("SELECT amount FROM facts_benefit_grant") == [(Decimal("1093.07"),)]


def test_a_required_value_that_is_not_written_is_refused_as_unknown_and_explained(database: Database) -> None:
    written = schema_of()
    written["fields"] = [each for each in written["fields"] if each["name"] != "status"]
    registry = Registry({21: json.dumps(written)})
    (refusal,) = intake_to(database, registry).take(batch([wire_value(written, example(), 21)])).refused
    assert (refusal.reason, refusal.field) == ("unknown_value", "status")
    assert "'unknown'" in refusal.detail
