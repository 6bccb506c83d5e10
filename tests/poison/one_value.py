"""One value among sound ones, taken in each way that there is."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import fastavro

from schemas.contracts import Contract
from schemas.examples import PUBLISHED_AT
from sinks.clickhouse.contract_tables import facts_table
from sinks.clickhouse.database import Database
from streams.batches import RecordBatch
from streams.frames import zigzag
from tests.intake_samples import (
    NOW,
    Record,
    Registry,
    contract_id,
    encoded,
)
from tests.kafka_batches import Written, with_client
from tests.poison.logs import Taking, as_facts, in_log, new_events
from tests.poison.oracle import Verdict, judge

#: The writer's schema with a field that no contract knows.
FOREIGN = 21
NEIGHBOURS = 30


def pieces_of(event: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, bytes]:
    """Each field of an event as Avro writes it."""
    pieces = {}
    for field in schema["fields"]:
        datum = io.BytesIO()
        fastavro.schemaless_writer(datum, fastavro.parse_schema(field["type"]), event[field["name"]])
        pieces[field["name"]] = datum.getvalue()
    return pieces


def value_with(contract: Contract, event: Mapping[str, Any], **odd: bytes) -> bytes:
    """A Kafka value whose fields `odd` have these bytes."""
    pieces = pieces_of(event, contract.schema)
    assert odd.keys() <= pieces.keys()
    return b"\0\0\0\0" + bytes([contract_id(contract)]) + b"".join((pieces | odd).values())


def assert_taken_as(
    database: Database, contract: Contract, value: bytes, verdict: Verdict, registry: Registry | None = None
) -> None:
    """Among sound ones, in a batch as Kafka has it, one by one, and alone."""
    events = new_events(NEIGHBOURS, contract)
    values = [encoded(event, contract) for event in events]
    values.insert(NEIGHBOURS // 2, value)
    whole = with_client([Written(each) for each in values], 0)
    batches: Mapping[str, tuple[RecordBatch, set[tuple[Any, ...]]]] = {
        "as it stands": (in_log(whole, topic=contract.topic), as_facts(events, contract)),
        "one by one": (
            RecordBatch(contract.topic, 0, [Record(row, NOW, each) for row, each in enumerate(values)]),
            as_facts(events, contract),
        ),
        "alone": (in_log(with_client([Written(value)], NEIGHBOURS // 2), topic=contract.topic), set()),
    }
    for way, (batch, unharmed) in batches.items():
        database.run(f"TRUNCATE TABLE {facts_table(contract.event_type)}")
        take = Taking(database, registry)
        outcome = take.take(batch)
        stored = take.facts(contract)
        assert unharmed <= stored, way
        refused = [each.offset for each in outcome.refused]
        if verdict.fact is None or (verdict.limit and refused):
            assert (refused, stored) == ([NEIGHBOURS // 2], unharmed), way
        else:
            assert (refused, stored) == ([], unharmed | {verdict.fact}), way


def assert_as_judged(database: Database, contract: Contract, value: bytes) -> Verdict:
    verdict = judge(contract, value, PUBLISHED_AT)
    assert_taken_as(database, contract, value, verdict)
    return verdict


def sized(raw: bytes) -> bytes:
    return zigzag(len(raw)) + raw
