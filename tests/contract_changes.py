"""Changes of a contract that break a rule, and the rules that each of them breaks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from schemas.contracts import contract_of

Schema = dict[str, Any]


def contract() -> Schema:
    schema: Schema = json.loads(contract_of("registration").schema_text)
    return schema


def field(schema: Schema, name: str) -> Any:
    return next(each for each in schema["fields"] if each["name"] == name)


def with_required_field(schema: Schema) -> None:
    schema["fields"].append({"name": "desk", "type": "string", "doc": "Which desk."})


def without_required_field(schema: Schema) -> None:
    schema["fields"] = [each for each in schema["fields"] if each["name"] != "municipality"]


def with_other_type(schema: Schema) -> None:
    field(schema, "nationality")["type"] = ["null", "int"]


def with_wider_number(schema: Schema) -> None:
    field(schema, "revision")["type"] = "long"


def with_null(schema: Schema) -> None:
    field(schema, "agency")["type"] = ["string", "null"]


def with_renamed_enum(schema: Schema) -> None:
    field(schema, "sex")["type"]["name"] = "Gender"


def with_renamed_required_field(schema: Schema) -> None:
    field(schema, "agency").update(name="publisher", aliases=["agency"])


def without_symbol_default(schema: Schema) -> None:
    del field(schema, "status")["type"]["default"]
    field(schema, "status")["type"]["symbols"].append("appealed")


def in_microseconds(schema: Schema) -> None:
    field(schema, "occurred_at")["type"]["logicalType"] = "timestamp-micros"


def with_other_default(schema: Schema) -> None:
    field(schema, "revision")["default"] = 1


def without_doc(schema: Schema) -> None:
    del field(schema, "nationality")["doc"]


def with_other_record_name(schema: Schema) -> None:
    schema["namespace"] = "be.bewithu.v2"


def with_column_of_the_store(schema: Schema) -> None:
    schema["fields"].append(
        {"name": "known_at", "type": ["null", "string"], "default": None, "doc": "A time."}
    )


def with_taken_alias(schema: Schema) -> None:
    field(schema, "nationality")["aliases"] = ["sex"]


def as_bytes(schema: Schema) -> None:
    field(schema, "nationality")["type"] = ["null", "bytes"]


REFUSED: dict[str, tuple[Callable[[Schema], None], set[tuple[str, str]]]] = {
    "a required field more": (with_required_field, {("desk", "READER_FIELD_MISSING_DEFAULT_VALUE")}),
    "a required field less": (
        without_required_field,
        {("municipality", "READER_FIELD_MISSING_DEFAULT_VALUE"), ("municipality", "ENVELOPE_CHANGED")},
    ),
    "another type": (with_other_type, {("nationality", "MISSING_UNION_BRANCH")}),
    "a wider number": (with_wider_number, {("revision", "TYPE_MISMATCH"), ("revision", "ENVELOPE_CHANGED")}),
    "null where there was none": (with_null, {("agency", "TYPE_MISMATCH"), ("agency", "ENVELOPE_CHANGED")}),
    "another enum": (with_renamed_enum, {("sex", "NAME_MISMATCH")}),
    "a required field renamed": (
        with_renamed_required_field,
        {("agency", "READER_FIELD_MISSING_DEFAULT_VALUE"), ("agency", "ENVELOPE_CHANGED")},
    ),
    "an enum without default": (without_symbol_default, {("status", "ENUM_DEFAULT_MISSING")}),
    "another unit of time": (
        in_microseconds,
        {
            ("occurred_at", "LOGICAL_TYPE_MISMATCH"),
            ("occurred_at", "ENVELOPE_CHANGED"),
            ("occurred_at", "TYPE_NOT_STORABLE"),
        },
    ),
    "another default": (with_other_default, {("revision", "DEFAULT_CHANGED")}),
    "a field without doc": (without_doc, {("nationality", "DOC_MISSING")}),
    "a name of another version": (with_other_record_name, {("", "TOPIC_NAME_MISMATCH")}),
    "a name of the store's own": (with_column_of_the_store, {("known_at", "NAME_TAKEN")}),
    "an alias that is a field": (with_taken_alias, {("nationality", "ALIAS_TAKEN")}),
    "a type that no column holds": (as_bytes, {("nationality", "TYPE_NOT_STORABLE")}),
}
