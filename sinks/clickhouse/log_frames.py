"""The statement that lands a log frame: record batches as they stand in Kafka's log, read as Avro.

Kafka wrote before each value how long it is. The store works out from what it read how long the event was, and
the two must agree for every row; so must everything around the event. Each record begins where the one before
ended, the first where the block begins: so no row can hold bytes of a neighbour, and a damaged event makes the
landing table's constraint fail. A number that was not written in its shortest form fails too: such a frame is
read again, record by record.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from schemas.contracts import Field, contracts
from schemas.frames import PREFIX, log_columns
from schemas.intake import LogFrame, LogShape
from sinks.clickhouse.column_types import decimal_type, foreign_type, is_decimal, landing_type
from sinks.clickhouse.literal import name, text

_FRAME_COLUMNS = (
    "batch", "known_at", "kafka_partition", "base_offset", "row", "kafka_time", "fence",
)  # fmt: skip
#: Where a row's record batch begins in the frame. Only right if the frame's rows come in their order, in one thread.
_START = "rowNumberInAllBlocks() - kafka_offset_delta"
#: In bytes; a longer one is read in a fenced frame.
_LONGEST_DECIMAL = 7
#: In the statement's settings: rows keep their order.
IN_ORDER = {"max_threads": 1, "max_insert_threads": 1, "parallelize_output_from_storages": 0}


def log_frame_insert(frame: LogFrame, landing: str) -> tuple[str, str]:
    """`(columns) SELECT … FROM` for an insert, to be followed by the source, and the structure of the source."""
    statement, structure = _prepared(frame.topic, frame.fields, frame.shape, frame.longest)
    places = frame.places
    return (
        statement.replace("{landing}", landing)
        .replace("{batch}", f"toFixedString(unhex('{frame.batch.hex()}'), 8)")
        .replace(
            "{known_at}",
            f"fromUnixTimestamp64Milli(toInt64({round(frame.known_at.timestamp() * 1000)}), 'UTC')",
        )
        .replace("{starts}", _numbers(place.row for place in places))
        .replace("{counts}", _numbers(place.count for place in places))
        .replace("{partitions}", _numbers(place.partition for place in places))
        .replace("{offsets}", _numbers(place.offset for place in places))
        .replace("{times}", _numbers(place.time for place in places))
    ), structure


def _numbers(numbers: Iterable[int]) -> str:
    return f"CAST([{','.join(map(str, numbers))}], 'Array(Int64)')"


@lru_cache(maxsize=64)
def _prepared(topic: str, fields: tuple[Field, ...], shape: LogShape, longest: int) -> tuple[str, str]:
    contract = {field.name: field for field in contracts()[topic].fields}
    columns = [_Column(field, contract.get(field.name)) for field in fields]
    before, behind = log_columns(shape.keyed, shape.headers)
    own = {column.name: column.type for column in columns}
    structure = ", ".join(f"{column} {kind}" for column, kind in {**before, **own, **behind}.items())
    stored = [column for column in columns if column.declared is not None]
    targets = ", ".join([*_FRAME_COLUMNS, *(column.name for column in stored)])
    time = "time" if shape.append_time else "time + kafka_time_delta"
    values = ",\n    ".join(
        [
            "{batch}",
            "{known_at}",
            "toInt32(transform(start, {starts}, {partitions}, toInt64(-1)))",
            "transform(start, {starts}, {offsets}, toInt64(-1))",
            "toInt32(kafka_offset_delta)",
            f"fromUnixTimestamp64Milli(greatest({time}, 0), 'UTC')",
            f"if({_undamaged(columns, shape, longest)}, {{batch}}, toFixedString('', 8))",
            *(column.value() for column in stored),
        ]
    )
    return (
        f"{{landing}} ({targets})\nWITH {_START} AS start, transform(start, {{starts}}, {{times}}, toInt64(0)) AS time"
        f"\nSELECT\n    {values}\nFROM"
    ), structure


def _undamaged(columns: Sequence[_Column], shape: LogShape, longest: int) -> str:
    """SQL that is true when all that was read is as long as Kafka says."""
    headers = [
        f"kafka_header_{number}_{part}" for number in range(shape.headers) for part in ("name", "value")
    ]
    around = [
        "1",  # attributes
        _number("kafka_time_delta", 5),
        _number("kafka_offset_delta", 5),
        _text("kafka_key") if shape.keyed else "1",
        _number("kafka_value_length", 5),
        "kafka_value_length",
        "1",  # the number of headers, below 64
        *map(_text, headers),
    ]
    conditions = [
        # Else it could name the start of another record batch, and be looked for there.
        "kafka_offset_delta >= 0 AND kafka_offset_delta < transform(start, {starts}, {counts}, toInt64(0))",
        f"kafka_value_length = {' + '.join([str(PREFIX), *(column.length() for column in columns)])}",
        f"kafka_length = {' + '.join(around)}",
        f"kafka_wire = toFixedString(unhex('{shape.wire.hex()}'), {PREFIX})",
        "kafka_attributes = toFixedString('', 1)",
        f"kafka_headers = {shape.headers}",
        f"kafka_value_length <= {longest}",
        *(["kafka_key_length = -1"] if not shape.keyed else []),
        *(
            f"ifNull(length({column.name}), 1) BETWEEN 1 AND {_LONGEST_DECIMAL}"
            for column in columns
            if column.decimal
        ),
    ]
    return "\n        AND ".join(conditions)


@dataclass(frozen=True, slots=True)
class _Column:
    """A field as it was written, and the contract's field of that name, if there is one."""

    written: Field
    declared: Field | None

    @property
    def name(self) -> str:
        return name(self.written.name)

    @property
    def decimal(self) -> bool:
        return self.declared is not None and is_decimal(self.declared)

    @property
    def type(self) -> str:
        """What it is read into: a decimal as its bytes, whose length a number would not tell."""
        if self.declared is None:
            return foreign_type(self.written)
        if self.decimal:
            return "Nullable(String)" if self.declared.optional else "String"
        return landing_type(self.declared)

    def value(self) -> str:
        """SQL for what the landing table gets."""
        if self.declared is None or not self.decimal:
            return self.name
        # Two's complement, big-endian. Null and damaged ones are worked out too, so nothing may fail for them.
        bits = f"least(greatest(8 * length({self.name}), 8), {8 * _LONGEST_DECIMAL})"
        number = f"reinterpretAsUInt64(reverse({self.name}))"
        negative = f"{number} >= bitShiftLeft(toUInt64(1), {bits} - 1)"
        signed = f"toInt64({number}) - if({negative}, bitShiftLeft(toInt64(1), {bits}), 0)"
        unit = Decimal(1).scaleb(-self.declared.scale)
        scaled = f"toDecimal128({signed}, 0) * toDecimal128('{unit:f}', {self.declared.scale})"
        return f"CAST({scaled}, {text(_nullable(decimal_type(self.declared), self.declared.optional))})"

    def length(self) -> str:
        """SQL for the number of bytes that it took."""
        present = f"assumeNotNull({self.name})" if self.written.optional else self.name
        length = self._length_of(present)
        return f"1 + if(isNull({self.name}), 0, {length})" if self.written.optional else length

    def _length_of(self, value: str) -> str:
        match self.written.avro_type:
            case "boolean" | "enum":  # streams.log_frames.measurable: no more than 64 symbols
                return "1"
            case "float":
                return "4"
            case "double":
                return "8"
            case "string" | "bytes":
                # The store reads no other spelling of an identifier than that of 36 characters.
                return "37" if self.type.endswith(("UUID", "UUID)")) else _text(value)
        if "DateTime64" in self.type:
            value = f"toUnixTimestamp64Milli({value})"
        return _number(f"toInt64({value})", 5 if self.written.avro_type == "int" else 10)


def _nullable(kind: str, optional: bool) -> str:
    return f"Nullable({kind})" if optional else kind


def _number(value: str, most: int) -> str:
    """The bytes of a whole number in zigzag form, of no more than `most` bytes."""
    size = f"bitXor({value}, bitShiftRight({value}, 63))"
    steps = " + ".join(f"({size} >= {1 << (7 * step - 1)})" for step in range(1, most))
    return f"(1 + {steps})"


def _text(value: str) -> str:
    """The bytes of a text of less than a mebibyte, with those that tell its length."""
    return f"(1 + length({value}) + (length({value}) >= 64) + (length({value}) >= 8192))"
