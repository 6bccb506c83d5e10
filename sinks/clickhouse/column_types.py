"""The ClickHouse types that Avro's fields are read into."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from schemas.contracts import Field

_SCALARS = {
    ("boolean", None): "Bool",
    ("int", None): "Int32",
    ("int", "date"): "Date32",
    ("long", None): "Int64",
    ("long", "timestamp-millis"): "DateTime64(3, 'UTC')",
    ("float", None): "Float32",
    ("double", None): "Float64",
    ("string", None): "String",
    ("string", "uuid"): "UUID",
    ("enum", None): "String",
}


_ARROW = {
    pl.UInt16(): "UInt16",
    pl.UInt32(): "UInt32",
    pl.UInt64(): "UInt64",
    pl.Int32(): "Int32",
    pl.Int64(): "Int64",
    pl.Date(): "Date32",
    pl.Datetime("ms", "UTC"): "DateTime64(3, 'UTC')",
    pl.String(): "String",
    pl.Binary(): "String",
    pl.Categorical(): "LowCardinality(String)",
    pl.List(pl.String()): "Array(String)",
}


def arrow_structure(schema: Mapping[str, pl.DataType]) -> str:
    """How an Arrow stream of these columns is read. Raises `KeyError` for a type that no frame of ours has."""
    return ", ".join(f"{column} {_ARROW[kind]}" for column, kind in schema.items())


def landing_type(field: Field) -> str:
    """The column that a field of a contract is read into. Raises `KeyError` for a type that no contract has."""
    scalar = decimal_type(field) if is_decimal(field) else _SCALARS[(field.avro_type, field.logical_type)]
    return f"Nullable({scalar})" if field.optional else scalar


def foreign_type(field: Field) -> str:
    """The column that a writer's field is read into which no contract knows: as plain as it can be."""
    scalar = "String" if field.avro_type == "bytes" else _SCALARS[(field.avro_type, None)]
    return f"Nullable({scalar})" if field.optional else scalar


def decimal_type(field: Field) -> str:
    return f"Decimal({field.precision}, {field.scale})"


def is_decimal(field: Field) -> bool:
    return field.avro_type == "bytes" and field.logical_type == "decimal"
