"""Kafka records of examples, an intake into the test's database, and what the store holds afterwards."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from schemas.contracts import Contract, contract_of, contracts, parsed_schema
from schemas.examples import PUBLISHED_AT, good_examples, wire_value
from schemas.rules import Violation
from sinks.clickhouse.contract_tables import facts_table
from sinks.clickhouse.database import Database
from sinks.clickhouse.fact_store import ClickHouseFactStore
from streams.batches import RecordBatch
from streams.frames import milliseconds
from streams.intake import Intake
from streams.log_frames import FEW_RECORDS
from streams.ports import FactStore
from streams.writer_schemas import WriterSchemas

REGISTRATION = contract_of("registration")
Event = dict[str, Any]
LONGEST = 65_536
NOW = milliseconds(PUBLISHED_AT)
PARTITION, FIRST_OFFSET = 3, 40
_offsets = itertools.count()


@dataclass
class Record:
    """As much of a consumed record as we use."""

    offset: int
    timestamp: int
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()


@dataclass
class Registry:
    """The contracts' schemas under ids from 1 on, and what a test adds."""

    texts: dict[int, str] = field(
        default_factory=lambda: {
            place: each.schema_text for place, each in enumerate(contracts().values(), 1)
        }
    )

    def schema(self, schema_id: int) -> str | None:
        return self.texts.get(schema_id)


@dataclass
class Clock:
    """Stands still."""

    moment: datetime = PUBLISHED_AT

    def now(self) -> datetime:
        return self.moment


def contract_id(contract: Contract) -> int:
    """The id of its schema in a `Registry`."""
    return list(contracts()).index(contract.topic) + 1


def sample(contract: Contract = REGISTRATION, name: str = "", **changes: Any) -> dict[str, Any]:
    """The first good example whose name holds `name`, with an id of its own, and `changes`."""
    events = (each.event for each in good_examples() if each.contract is contract and name in each.name)
    return {**next(events), "event_id": uuid4(), **changes}


def encoded(event: Mapping[str, Any], contract: Contract = REGISTRATION) -> bytes:
    return wire_value(parsed_schema(contract.topic), event, contract_id(contract))


def batch(
    values: Sequence[bytes | None],
    contract: Contract = REGISTRATION,
    agency: bytes = b"dvz",
    first_offset: int = FIRST_OFFSET,
    timestamp: int = NOW,
) -> RecordBatch:
    records = [
        Record(first_offset + row, timestamp, value, [("agency", agency)]) for row, value in enumerate(values)
    ]
    return RecordBatch(contract.topic, PARTITION, records)


def intake_to(
    store: Database | FactStore,
    registry: Registry | None = None,
    clock: Clock | None = None,
    few_records: int = FEW_RECORDS,
) -> Intake:
    """An intake as after a start: it remembers no writer's schema yet."""
    facts = ClickHouseFactStore(store) if isinstance(store, Database) else store
    writers = WriterSchemas(registry or Registry())
    return Intake(facts, writers, clock or Clock(), LONGEST, few_records=few_records)


def as_fact(contract: Contract, event: Mapping[str, Any]) -> tuple[Any, ...]:
    """An event as `facts` gives it: pseudonyms in hex, zeros for none, moments in ms, unknown values by default."""
    row: list[Any] = []
    for column in contract.fields:
        value = event[column.name]
        if column.name in ("person", "household"):
            value = value or "0" * 32
        elif isinstance(value, datetime):
            value = milliseconds(value)
        elif column.symbols and value is not None and value not in column.symbols:
            value = column.default_symbol
        row.append(value)
    return tuple(row)


def facts(
    database: Database, contract: Contract = REGISTRATION, known_at: datetime | None = None
) -> set[tuple[Any, ...]]:
    """All facts of a contract, or those that became known at one moment."""
    columns = {each.name: each.name for each in contract.fields}
    columns |= {name: f"lower(hex({name}))" for name in ("person", "household")}
    columns |= {name: f"toUnixTimestamp64Milli({name})" for name in ("occurred_at", "recorded_at")}
    rows = database.rows(
        f"SELECT {', '.join(columns.values())} FROM {facts_table(contract.event_type)} FINAL"
        " WHERE {known:Int64} IN (0, toUnixTimestamp64Milli(known_at))",
        known=milliseconds(known_at) if known_at else 0,
    )
    found = {tuple(row) for row in rows}
    assert len(found) == len(rows), "a fact is there twice"
    return found


def quarantined(database: Database) -> list[Mapping[str, Any]]:
    """The quarantine by offset; `length` is that of the raw bytes kept."""
    names = ("topic", "partition", "offset", "agency", "reason", "field", "raw_length", "length", "detail")
    rows = database.rows(
        "SELECT topic, partition, offset, agency, reason, field, raw_length, length(raw), detail"
        " FROM quarantine FINAL ORDER BY offset"
    )
    return [dict(zip(names, row, strict=True)) for row in rows]


def rows_that_tell(database: Database, text: str) -> int:
    """In how many rows of any table `text` stands, in whatever column."""
    tables = [
        "quarantine",
        "refused",
        "batches",
        *(facts_table(each.event_type) for each in contracts().values()),
    ]
    counts = [
        database.value(
            f"SELECT countIf(position(formatRow('CSV', *), {{text:String}}) > 0) FROM {table}", text=text
        )
        for table in tables
    ]
    return sum(counts)


# --- two judges: the contract's check and the store ---


@dataclass(frozen=True)
class Judgement:
    """What one judge says: None for accepted, else reason and field."""

    event: Event
    kafka_time: int
    said: tuple[str, str] | None


def judged_by_store(
    database: Database, contract: Contract, events: Sequence[tuple[Event, int]]
) -> list[Judgement]:
    """All `(event, Kafka's time in ms)` in one batch; accepted is what the facts have, each under an id of its own."""
    sent = [(event | {"event_id": uuid4()}, kafka_time) for event, kafka_time in events]
    records = [Record(next(_offsets), kafka_time, encoded(event, contract)) for event, kafka_time in sent]
    refused = {
        each.offset: each
        for each in intake_to(database).take(RecordBatch(contract.topic, 0, records)).refused
    }
    stored = {
        event_id
        for (event_id,) in database.rows(
            f"SELECT event_id FROM {facts_table(contract.event_type)} WHERE event_id IN {{ids:Array(UUID)}}",
            ids=[str(event["event_id"]) for event, _ in sent],
        )
    }
    judgements = []
    for record, (event, kafka_time) in zip(records, sent, strict=True):
        refusal = refused.get(record.offset)
        assert (event["event_id"] in stored) == (refusal is None), (event, refusal)
        judgements.append(Judgement(event, kafka_time, (refusal.reason, refusal.field) if refusal else None))
    return judgements


def assert_agreed(contract: Contract, judgements: Sequence[Judgement]) -> None:
    for each in judgements:
        published_at = (
            datetime.fromtimestamp(each.kafka_time / 1000, UTC) if each.kafka_time > 0 else PUBLISHED_AT
        )
        violations: Sequence[Violation] = contract.check(
            each.event, min(published_at, PUBLISHED_AT), PUBLISHED_AT
        )
        expected = (violations[0].reason, violations[0].field) if violations else None
        assert each.said == expected, each
