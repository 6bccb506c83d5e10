"""Bad input is quarantined with a reason, once, and the rest of its batch is stored (law 1)."""

from __future__ import annotations

import io
import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import fastavro
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bewithu.errors import DataRefused, Unavailable
from schemas.contracts import Contract, contract_of, contracts
from schemas.examples import PUBLISHED_AT, bad_examples, good_examples, wire_value
from schemas.intake import BatchNote, Frame, Refusal
from sinks.clickhouse.contract_tables import facts_table
from sinks.clickhouse.database import Database
from sinks.clickhouse.fact_store import ClickHouseFactStore
from streams.decoding import Damage, decode
from streams.frames import milliseconds
from streams.intake import Intake, RecordBatch
from streams.writer_schemas import WriterSchemas

REGISTRATION = contract_of("registration")
NUMBER = "99010100147"
LONGEST = 1_000_000
NOW = milliseconds(PUBLISHED_AT)
PARTITION, FIRST_OFFSET = 3, 40
_seconds = itertools.count()


@dataclass
class Record:
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
    moment: datetime = PUBLISHED_AT

    def now(self) -> datetime:
        return self.moment


def contract_id(contract: Contract) -> int:
    return list(contracts()).index(contract.topic) + 1


def sample(contract: Contract = REGISTRATION, name: str = "", **changes: Any) -> dict[str, Any]:
    """A good example with an id of its own, and `changes`."""
    events = (each.event for each in good_examples() if each.contract is contract and name in each.name)
    return {**next(events), "event_id": uuid4(), **changes}


def encoded(event: Mapping[str, Any], contract: Contract = REGISTRATION) -> bytes:
    return wire_value(contract.schema, event, contract_id(contract))


def batch(
    values: Sequence[bytes | None], contract: Contract = REGISTRATION, agency: bytes = b"dvz"
) -> RecordBatch:
    records = [
        Record(FIRST_OFFSET + row, NOW, value, [("agency", agency)]) for row, value in enumerate(values)
    ]
    return RecordBatch(contract.topic, PARTITION, records)


def intake_to(database: Database, registry: Registry | None = None, clock: Clock | None = None) -> Intake:
    store = ClickHouseFactStore(database)
    return Intake(store, WriterSchemas(registry or Registry()), clock or Clock(), LONGEST)


# --- what is in the store ---


def as_fact(contract: Contract, event: Mapping[str, Any]) -> tuple[Any, ...]:
    """An event as `facts` reads it: pseudonyms in hex, zeros for none, moments in ms, unknown values by default."""
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
    columns = {each.name: each.name for each in contract.fields}
    columns |= {name: f"lower(hex({name}))" for name in ("person", "household")}
    columns |= {name: f"toUnixTimestamp64Milli({name})" for name in ("occurred_at", "recorded_at")}
    rows = database.rows(
        f"SELECT {', '.join(columns.values())} FROM {facts_table(contract.event_type)} FINAL"
        " WHERE {known:Int64} IN (0, toUnixTimestamp64Milli(known_at))",
        known=milliseconds(known_at) if known_at else 0,
    )
    assert len(set(rows)) == len(rows)
    return {tuple(row) for row in rows}


def quarantined(database: Database) -> list[Mapping[str, Any]]:
    names = ("topic", "partition", "offset", "agency", "reason", "field", "raw_length", "length", "detail")
    rows = database.rows(
        "SELECT topic, partition, offset, agency, reason, field, raw_length, length(raw), detail"
        " FROM quarantine FINAL ORDER BY offset"
    )
    return [dict(zip(names, row, strict=True)) for row in rows]


def rows_that_tell(database: Database, digits: str) -> int:
    tables = [
        "quarantine",
        "refused",
        "batches",
        *(facts_table(each.event_type) for each in contracts().values()),
    ]
    counts = [
        database.value(
            f"SELECT count() FROM {table} WHERE position(formatRow('CSV', *), {{digits:String}}) > 0",
            digits=digits,
        )
        for table in tables
    ]
    return sum(counts)


# --- each kind of damage ---


def with_status_byte(odd: bytes) -> bytes:
    event = sample(status="certified")
    one, other = encoded(event), encoded(event | {"status": "declared"})
    place = next(place for place in range(len(one)) if one[place] != other[place])
    return one[:place] + odd + one[place + 1 :]


SOUND = encoded(sample())
DAMAGED: Mapping[str, tuple[bytes | None, str]] = {
    "no value": (None, "empty"),
    "an empty value": (b"", "empty"),
    "a wrong magic byte": (b"\x01" + SOUND[1:], "wrong_magic"),
    "JSON instead of Avro": (b'{"status": "certified"}', "wrong_magic"),
    "an unknown schema id": (b"\0\0\0\0\x63" + SOUND[5:], "unknown_schema"),
    "nothing but a schema id": (SOUND[:5], "truncated"),
    "half a datum": (SOUND[: len(SOUND) // 2], "truncated"),
    "a datum without its last byte": (SOUND[:-1], "truncated"),
    "a byte too much": (SOUND + b"\0", "overlong"),
    "two datums in one": (SOUND + SOUND[5:], "overlong"),
    "an enum index that the schema lacks": (with_status_byte(b"\x7e"), "undecodable"),
    "a negative enum index": (with_status_byte(b"\x01"), "refused_by_store"),
    "5 MB": (SOUND + bytes(5_000_000), "too_large"),
    "just too long": (SOUND + bytes(LONGEST + 1 - len(SOUND)), "too_large"),
    "as long as can be": (SOUND + bytes(LONGEST - len(SOUND)), "overlong"),
    "text that is no UTF-8": (SOUND.replace(b"UKR", b"\xff\xfeR"), "undecodable"),
    "an event_id that is none": (SOUND.replace(b"-", b"_"), "undecodable"),
}
BROKEN_RULES: Mapping[str, tuple[Mapping[str, Any], str, str]] = {
    "an unknown municipality": ({"municipality": "99999"}, "unknown_municipality", "municipality"),
    "a date in the future": ({"occurred_at": datetime(2099, 1, 1, tzinfo=UTC)}, "in_future", "occurred_at"),
    "a value not known": ({"status": "unknown"}, "unknown_value", "status"),
    "a national number": ({"nationality": NUMBER}, "national_number", "nationality"),
    "nobody": ({"person": None}, "missing", "person"),
}


def assert_quarantined_alone(
    database: Database, value: bytes | None, reason: str, place: str, agency: str
) -> None:
    """Takes `value` between sound neighbours, twice, as after a redelivery."""
    events = [sample() for _ in range(4)]
    neighbours = [encoded(event) for event in events]
    for _ in range(2):
        outcome = intake_to(database).take(batch([*neighbours[:2], value, *neighbours[2:]]))
        assert (outcome.records, len(outcome.refused)) == (5, 1)
        assert facts(database) == {as_fact(REGISTRATION, event) for event in events}
        (row,) = quarantined(database)
        length = len(value or b"")
        assert row.pop("detail")
        assert row == {
            "topic": REGISTRATION.topic,
            "partition": PARTITION,
            "offset": FIRST_OFFSET + 2,
            "agency": agency,
            "reason": reason,
            "field": place,
            "raw_length": length,
            "length": length,
        }


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_message_is_quarantined_once_and_its_neighbours_are_stored(
    kind: str, database: Database
) -> None:
    value, reason = DAMAGED[kind]
    assert_quarantined_alone(database, value, reason, "", agency="dvz")


@pytest.mark.parametrize("kind", BROKEN_RULES)
def test_an_event_that_breaks_a_rule_is_quarantined_under_its_agency(kind: str, database: Database) -> None:
    changes, reason, place = BROKEN_RULES[kind]
    value = encoded(sample(agency="mun-62063", **changes))
    assert_quarantined_alone(database, value, reason, place, agency="mun-62063")


def test_an_agency_that_neither_event_nor_header_tells_stays_empty(database: Database) -> None:
    intake_to(database).take(batch([b"\x01", None], agency=b"Fedasil!"))
    assert [row["agency"] for row in quarantined(database)] == ["", ""]


@pytest.mark.parametrize("contract", contracts().values(), ids=lambda contract: contract.name)
def test_a_national_number_is_nowhere_in_the_store(contract: Contract, database: Database) -> None:
    bad = [each for each in bad_examples() if each.contract is contract and each.reason == "national_number"]
    whole = [encoded(each.event, contract) for each in bad]
    cut = [value[:-1] for value in whole]
    outcome = intake_to(database).take(batch([*whole, *cut, *(b"\x07" + value for value in whole)], contract))
    assert [each.reason for each in sorted(outcome.refused, key=lambda each: each.offset)] == (
        ["national_number"] * len(bad) + ["truncated"] * len(bad) + ["wrong_magic"] * len(bad)
    )
    for each in bad:
        spelt = str(each.event[each.field])
        assert rows_that_tell(database, "") > 0
        assert (
            rows_that_tell(database, spelt)
            == rows_that_tell(database, "".join(filter(str.isdigit, spelt)))
            == 0
        )
    assert database.value("SELECT countIf(raw LIKE '%**%') FROM quarantine FINAL") == 3 * len(bad)
