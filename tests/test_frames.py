"""Frames are Avro files around Kafka values as they are, under the schema of the agency that wrote them."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import fastavro
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.contracts import Contract, contract_of, contracts
from schemas.examples import PUBLISHED_AT, wire_value
from schemas.frames import AFTER, BEFORE, COLUMNS, frame_schema
from schemas.intake import Frame
from sinks.clickhouse.database import Database
from streams.batches import RecordBatch
from streams.frames import Run, build_frame, container_header, milliseconds, zigzag
from streams.writer_schemas import WriterSchema, WriterSchemas
from tests.intake_samples import (
    NOW,
    REGISTRATION,
    Record,
    Registry,
    as_fact,
    batch,
    contract_id,
    encoded,
    facts,
    intake_to,
    quarantined,
    sample,
)

INT64 = st.integers(-(2**63), 2**63 - 1)


def written(number: int) -> bytes:
    datum = io.BytesIO()
    fastavro.schemaless_writer(datum, "long", number)
    return datum.getvalue()


def rows_of(frame: Frame) -> list[Any]:
    return list(fastavro.reader(io.BytesIO(frame.block)))


def framed(
    contract: Contract, events: list[dict[str, Any]], offsets: list[int], timestamps: list[int]
) -> Frame:
    records = [
        Record(offset, timestamp, encoded(event, contract))
        for offset, timestamp, event in zip(offsets, timestamps, events, strict=True)
    ]
    header = container_header(frame_schema(contract.schema))
    return build_frame(contract.topic, header, [Run(5, records)], PUBLISHED_AT)


@given(INT64)
@example(2**63 - 1)
@example(-(2**63))
@example(0)
@example(-1)
@example(63)
@example(64)
def test_numbers_are_encoded_as_fastavro_does(number: int) -> None:
    assert zigzag(number) == written(number)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_moments_are_told_to_the_nearest_millisecond(moment: datetime) -> None:
    assert abs(datetime.fromtimestamp(milliseconds(moment) / 1000, UTC) - moment) <= timedelta(
        microseconds=501
    )
    assert milliseconds(moment.replace(microsecond=987_000)) % 1000 == 987


@pytest.mark.parametrize("contract", contracts().values(), ids=lambda contract: contract.name)
@settings(max_examples=30)
@given(
    gaps=st.lists(st.integers(1, 2**28), min_size=1, max_size=5),
    base=st.integers(0, 2**62),
    timestamp=st.integers(-1, 2**45),
)
def test_a_frame_is_an_avro_file_of_the_events_and_where_they_come_from(
    contract: Contract, gaps: list[int], base: int, timestamp: int
) -> None:
    offsets = [base + sum(gaps[:row]) for row in range(len(gaps))]
    events = [sample(contract) for _ in offsets]
    frame = framed(contract, events, offsets, [timestamp + row for row in range(len(gaps))])
    rows = rows_of(frame)
    assert (frame.topic, frame.records, len(rows)) == (contract.topic, len(offsets), len(offsets))
    for row, offset, event in zip(rows, offsets, events, strict=True):
        assert {name: row[name] for name in event} == event
        assert row["base_offset"] + row["row"] == offset
        assert row["kafka_partition"] == 5
        assert row["known_at"] == PUBLISHED_AT
        assert row["batch"] == row["fence"] == frame.batch
    # Kafka gives -1 where it has no time; the store then takes ours.
    assert [milliseconds(row["kafka_time"]) for row in rows] == [
        max(timestamp + row, 0) for row in range(len(gaps))
    ]


def test_the_events_bytes_are_not_touched() -> None:
    event = sample()
    frame = framed(REGISTRATION, [event], [8], [NOW])
    assert encoded(event)[5:] + frame.batch in frame.block


def test_no_two_frames_share_a_fence() -> None:
    frames = [framed(REGISTRATION, [sample()], [8], [NOW]) for _ in range(50)]
    assert len({frame.batch for frame in frames}) == 50
    for frame in frames:
        assert len(frame.batch) == 8
        assert frame.number == int.from_bytes(frame.batch, "little")


@pytest.mark.parametrize("contract", contracts().values(), ids=lambda contract: contract.name)
def test_a_frames_schema_is_the_events_between_the_columns_of_the_landing_table(contract: Contract) -> None:
    names = [each["name"] for each in frame_schema(contract.schema)["fields"]]
    own = [field.name for field in contract.fields]
    assert names == [*(each["name"] for each in BEFORE), *own, *(each["name"] for each in AFTER)]
    assert set(COLUMNS) == set(names) - set(own)
    fastavro.parse_schema(frame_schema(contract.schema))


def test_a_schema_that_fits_is_looked_up_once() -> None:
    class Counting(Registry):
        asked = 0

        def schema(self, schema_id: int) -> str | None:
            self.asked += 1
            return super().schema(schema_id)

    registry = Counting()
    writers = WriterSchemas(registry)
    found = [writers.find(REGISTRATION.topic, contract_id(REGISTRATION)) for _ in range(3)]
    assert registry.asked == 1
    assert isinstance(found[0], WriterSchema)
    assert found == found[:1] * 3


@pytest.mark.parametrize("gap", [1, 2, 1000, 2**31, 2**40])
def test_offsets_with_gaps_are_told_right(gap: int, database: Database) -> None:
    events = [sample(), sample(person=None), sample(), sample(person=None)]
    records = [Record(7 + row * gap, NOW, encoded(event)) for row, event in enumerate(events)]
    outcome = intake_to(database).take(RecordBatch(REGISTRATION.topic, 0, records))
    assert [each.offset for each in outcome.refused] == [7 + gap, 7 + 3 * gap]
    assert facts(database) == {as_fact(REGISTRATION, event) for event in events[::2]}
    ((first, last, count),) = database.rows("SELECT first_offset, last_offset, records FROM batches")
    assert (first, last, count) == (7, 7 + 3 * gap, 4)


# --- writers' schemas ---


def writer(**changes: Any) -> dict[str, Any]:
    """The registration contract's schema as another version of an agency's software declares it."""
    schema: dict[str, Any] = json.loads(REGISTRATION.schema_text)
    return schema | changes


def without(name: str) -> list[dict[str, Any]]:
    return [each for each in writer()["fields"] if each["name"] != name]


MORE = [*writer()["fields"], {"name": "language", "type": ["null", "string"], "default": None}]
LATER_VALUE = json.loads(
    REGISTRATION.schema_text.replace('"other", "unknown"', '"other", "unknown", "intersex"')
)


def test_events_of_several_writers_schemas_in_one_batch_are_stored(database: Database) -> None:
    registry = Registry()
    events = [
        (1, writer(), sample()),
        (21, writer(fields=MORE), sample(language="uk")),
        (22, writer(fields=without("nationality")), sample(nationality=None)),
        (23, writer(fields=MORE[::-1]), sample(language=None)),
        (24, LATER_VALUE, sample(sex="intersex")),
        (21, writer(fields=MORE), sample(nationality="MDA", language=None)),
    ]
    registry.texts |= {schema_id: json.dumps(schema) for schema_id, schema, _ in events}
    values = [wire_value(schema, event, schema_id) for schema_id, schema, event in events]
    assert intake_to(database, registry).take(batch(values)).refused == []
    assert facts(database) == {as_fact(REGISTRATION, event) for *_, event in events}


def test_a_value_that_only_a_later_version_knows_is_refused_as_unknown(database: Database) -> None:
    text = REGISTRATION.schema_text.replace('"struck_off", "unknown"', '"struck_off", "unknown", "appealed"')
    registry = Registry({21: text})
    value = wire_value(json.loads(text), sample(status="appealed"), 21)
    (refusal,) = intake_to(database, registry).take(batch([value])).refused
    assert (refusal.reason, refusal.field) == ("unknown_value", "status")
    assert "'appealed'" in refusal.detail
    assert "struck_off" in refusal.detail


INCOMPATIBLE = {
    "another record": (
        writer(name="Enrolment"),
        "is be.bewithu.v1.Enrolment, expected be.bewithu.v1.Registration",
    ),
    "another topic's contract": (contract_of("housing_change").schema, "is be.bewithu.v1.HousingChange"),
    "a field less that has no default": (
        writer(fields=without("agency")),
        "field agency is not written, and the reader has no default",
    ),
    "a field of another type": (
        writer(fields=[*without("municipality"), {"name": "municipality", "type": "int"}]),
        "field municipality is int, expected string (TYPE_MISMATCH)",
    ),
    "a field that may be null": (
        writer(fields=[*without("agency"), {"name": "agency", "type": ["null", "string"]}]),
        "field agency may be null, expected string",
    ),
    "no record": ({"type": "string"}, "is no record"),
    "JSON Schema": ({"type": "object", "properties": {}}, "is no record"),
}


PROTOBUF = 'syntax = "proto3"; message Registration { string event_id = 1; }'
REFERENCE = json.dumps(
    writer(fields=[*MORE, {"name": "x", "type": ["null", "be.other.Thing"], "default": None}])
)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(PROTOBUF, id="Protobuf"),
        pytest.param(REFERENCE, id="Avro that refers to another schema"),
    ],
)
def test_a_schema_that_cannot_be_read_does_not_hold_the_partition_up(text: str, database: Database) -> None:
    registry, event = Registry(), sample()
    registry.texts[21] = text
    values = [b"\0\0\0\0\x15" + encoded(sample())[5:], encoded(event)]
    (refusal,) = intake_to(database, registry).take(batch(values)).refused
    assert refusal.reason == "incompatible_schema"
    assert facts(database) == {as_fact(REGISTRATION, event)}


@pytest.mark.parametrize("kind", INCOMPATIBLE)
def test_a_writers_schema_that_does_not_fit_is_refused_and_says_why(kind: str, database: Database) -> None:
    schema, why = INCOMPATIBLE[kind]
    registry = Registry()
    registry.texts[21] = json.dumps(dict(schema))
    event = sample()
    intake_to(database, registry).take(batch([b"\0\0\0\0\x15" + encoded(sample())[5:], encoded(event)]))
    (row,) = quarantined(database)
    assert row["reason"] == "incompatible_schema"
    assert why in row["detail"]
    assert facts(database) == {as_fact(REGISTRATION, event)}


def test_a_schema_that_is_registered_late_is_found_when_its_event_comes_again(database: Database) -> None:
    registry, event = Registry({}), sample()
    intake = intake_to(database, registry)
    assert [each.reason for each in intake.take(batch([encoded(event)])).refused] == ["unknown_schema"]
    registry.texts = Registry().texts
    assert intake.take(batch([encoded(event)], first_offset=99)).refused == []
    assert facts(database) == {as_fact(REGISTRATION, event)}
