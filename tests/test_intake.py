"""Bad input is quarantined with a reason, once, and the rest of its batch is stored (law 1)."""

from __future__ import annotations

import io
import itertools
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import fastavro
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bewithu.errors import DataRefused
from schemas.contracts import Contract, contract_of, contracts, parsed_schema
from schemas.examples import PUBLISHED_AT
from schemas.intake import BatchNote, Frame, LogFrame, Refusal
from schemas.quarantine import Earlier, Span
from sinks.clickhouse.database import Database
from streams.decoding import Damage, decode
from streams.frames import zigzag
from streams.writer_schemas import WriterSchema
from tests.intake_samples import (
    FIRST_OFFSET,
    LONGEST,
    PARTITION,
    REGISTRATION,
    Clock,
    as_fact,
    batch,
    encoded,
    facts,
    intake_to,
    quarantined,
    sample,
)

NUMBER = "99010100147"
BENEFIT = contract_of("benefit_grant")
_seconds = itertools.count()


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
    "a byte too much": (SOUND + b"\0", "overlong"),
    "two datums in one": (SOUND + SOUND[5:], "overlong"),
    "an enum index that the schema lacks": (with_status_byte(b"\x7e"), "undecodable"),
    "a negative enum index": (with_status_byte(b"\x01"), "undecodable"),
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
        assert row["detail"]
        assert row == {
            "topic": REGISTRATION.topic,
            "partition": PARTITION,
            "offset": FIRST_OFFSET + 2,
            "agency": agency,
            "reason": reason,
            "field": place,
            "raw_length": length,
            "length": min(length, LONGEST),
            "detail": row["detail"],
        }


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_message_is_quarantined_once_and_its_neighbours_are_stored(
    kind: str, database: Database
) -> None:
    value, reason = DAMAGED[kind]
    # Of what cannot be decoded the header tells the agency.
    assert_quarantined_alone(database, value, reason, "", agency="dvz")


@pytest.mark.parametrize("kind", BROKEN_RULES)
def test_an_event_that_breaks_a_rule_is_quarantined_under_its_agency(kind: str, database: Database) -> None:
    changes, reason, place = BROKEN_RULES[kind]
    value = encoded(sample(agency="mun-62063", **changes))
    assert_quarantined_alone(database, value, reason, place, agency="mun-62063")


def test_an_agency_that_neither_event_nor_header_tells_stays_empty(database: Database) -> None:
    intake_to(database).take(batch([b"\x01", None], agency=b"Fedasil!"))
    assert [row["agency"] for row in quarantined(database)] == ["", ""]


# --- messages that could hold their partition up, or tell too much ---

# 1093.00 euros are three bytes; here they are 60 000. Python takes 95 s for a decimal of 900 000.
LONG_AMOUNT = encoded(sample(BENEFIT, "single"), BENEFIT).replace(
    zigzag(3) + (109_300).to_bytes(3, "big"), zigzag(60_000) + b"\x7f" * 60_000
)


def test_a_bad_message_whose_kafka_time_is_past_the_year_9999_is_quarantined(database: Database) -> None:
    assert len(intake_to(database).take(batch([b"\x01"], timestamp=2**60)).refused) == 1


@pytest.mark.parametrize(
    ("value", "contract"),
    [
        pytest.param(LONG_AMOUNT, BENEFIT, id="an endless decimal"),
        pytest.param(bytes(5) + b"7" * (LONGEST - 5), REGISTRATION, id="nothing but digits"),
        pytest.param(b"7" * 5_000_000, REGISTRATION, id="5 MB of digits"),
    ],
)
def test_a_long_message_is_refused_within_a_second(
    value: bytes, contract: Contract, database: Database
) -> None:
    started = time.thread_time()
    assert len(intake_to(database).take(batch([value], contract)).refused) == 1
    assert time.thread_time() - started < 1


@pytest.mark.parametrize("value", [SOUND[:-1], b"\0", b"\0\0\0\0"])
def test_a_message_that_ends_early_is_called_truncated(value: bytes, database: Database) -> None:
    (refusal,) = intake_to(database).take(batch([value])).refused
    assert refusal.reason == "truncated"


def test_no_digit_of_a_number_stays_in_a_detail_that_is_cut() -> None:
    class Refusing(PickyStore):
        def insert(self, frame: Frame | LogFrame) -> Sequence[tuple[int, int]]:
            raise DataRefused("x" * 191 + NUMBER)

    (refusal,) = intake_to(Refusing(frozenset())).take(batch([SOUND])).refused
    assert NUMBER[:9] not in refusal.detail


@pytest.mark.parametrize("kept", range(1, 11))
def test_no_digit_of_a_number_stays_in_raw_bytes_that_are_cut(kept: int) -> None:
    value = b"\x01" + b"x" * (LONGEST - kept - 1) + NUMBER.encode()
    (refusal,) = intake_to(PickyStore(frozenset())).take(batch([value])).refused
    assert len(refusal.raw) == LONGEST
    assert not any(48 <= byte <= 57 for byte in refusal.raw)


# --- damage that cannot be told from bytes alone ---


@dataclass
class PickyStore:
    """Refuses any frame with a poisonous event in it and does not say which, as for a cause that only it knows."""

    poison: frozenset[bytes]
    inserts: int = 0
    stored: list[str] = field(default_factory=list)

    def insert(self, frame: Frame | LogFrame) -> Sequence[tuple[int, int]]:
        assert isinstance(frame, Frame)
        self.inserts += 1
        rows: Any = fastavro.reader(io.BytesIO(frame.block))
        ids = [str(row["event_id"]) for row in rows]
        assert len(ids) == frame.records
        if any(each.encode() in self.poison for each in ids):
            raise DataRefused("x" * 100)
        self.stored += ids
        return ()

    def earlier(self, spans: Sequence[Span]) -> Sequence[Earlier]:
        return [Earlier() for _ in spans]

    def quarantine(self, refusals: Sequence[Refusal]) -> None: ...

    def note(self, notes: Sequence[BatchNote]) -> None:
        assert sum(len(note.frames) for note in notes) <= self.inserts


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_what_the_store_refuses_without_a_culprit_is_found_by_halving(poisonous: list[bool]) -> None:
    events = [sample() for _ in poisonous]
    ids = [str(event["event_id"]) for event in events]
    poison = frozenset(each.encode() for each, bad in zip(ids, poisonous, strict=True) if bad)
    store = PickyStore(poison)
    outcome = intake_to(store).take(batch([encoded(event) for event in events]))
    assert sorted(store.stored) == sorted(each for each in ids if each.encode() not in poison)
    assert [(each.reason, each.event_id) for each in outcome.refused] == [
        ("refused_by_store", event_id) for event_id in ids if event_id.encode() in poison
    ]
    assert [each.offset - FIRST_OFFSET for each in outcome.refused] == [
        row for row, bad in enumerate(poisonous) if bad
    ]
    # The first try, then for each culprit at most two inserts on every level.
    assert store.inserts <= 2 + 2 * len(poison) * (1 + math.ceil(math.log2(len(events))))


# --- random damage ---

EDITS = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True),  # where, as a share of the message
        st.integers(0, 12),  # how many bytes are cut out there
        st.one_of(
            st.binary(max_size=12), st.sampled_from([b"\xff" * 9 + b"\x01", b"\xff" * 11, NUMBER.encode()])
        ),
    ),
    min_size=1,
    max_size=3,
)


def damaged(value: bytes, edits: Sequence[tuple[float, int, bytes]]) -> bytes:
    for share, cut, put in edits:
        place = int(share * len(value))
        value = value[:place] + put + value[place + cut :]
    return value


def as_clickhouse_reads(contract: Contract, value: bytes) -> tuple[Mapping[str, Any], bool]:
    """The event, and whether an index of a union is out of range: ClickHouse takes that for null."""
    datum, event, odd = io.BytesIO(value[5:]), {}, False
    for declared in contract.schema["fields"]:
        kind = declared["type"]
        if isinstance(kind, list):
            index: Any = fastavro.schemaless_reader(datum, "long", None)
            odd |= index not in range(len(kind))
            kind = kind[index] if index in range(len(kind)) else "null"
        event[declared["name"]] = fastavro.schemaless_reader(datum, fastavro.parse_schema(kind), None)
    return event, odd


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    contract=st.sampled_from(list(contracts().values())),
    place=st.integers(0, 4),
    edits=EDITS,
)
def test_random_damage_never_touches_a_neighbour_nor_stores_what_was_not_sent(
    contract: Contract, place: int, edits: list[tuple[float, int, bytes]], database: Database
) -> None:
    clock = Clock(PUBLISHED_AT + timedelta(seconds=next(_seconds)))
    events = [sample(contract) for _ in range(5)]
    values = [encoded(event, contract) for event in events]
    values[place] = damaged(values[place], edits)
    outcome = intake_to(database, clock=clock).take(batch(values, contract))

    stored = facts(database, contract, clock.moment)
    neighbours = {as_fact(contract, event) for row, event in enumerate(events) if row != place}
    assert neighbours <= stored
    assert {each.offset - FIRST_OFFSET for each in outcome.refused} <= {place}
    if outcome.refused:
        assert stored == neighbours
        return
    event, odd_union = as_clickhouse_reads(contract, values[place])
    assert stored == neighbours | {as_fact(contract, event)}
    read = decode(values[place], WriterSchema(b"", parsed_schema(contract.topic), contract.schema))
    # Known limit: an index that a union does not have, with no bytes behind it, is read as null. Nothing else
    # that fastavro calls damaged gets into the facts.
    assert read == event or (odd_union and isinstance(read, Damage))
