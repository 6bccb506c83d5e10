"""Record batches in every shape: taken as they stand in the log, one by one, or judged in plain Python, all agree."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from schemas.contracts import Contract, contract_of, contracts, parsed_schema
from schemas.examples import PUBLISHED_AT
from sinks.clickhouse.database import Database
from streams.batches import RecordBatch
from streams.decoding import Damage, decode
from streams.frames import zigzag
from streams.refusals import misshapen
from streams.writer_schemas import WriterSchema
from tests.intake_samples import (
    LONGEST,
    NOW,
    REGISTRATION,
    Clock,
    Record,
    as_fact,
    encoded,
    facts,
    intake_to,
    sample,
)
from tests.kafka_batches import CODECS, Headers, Written, by_hand, fetched, with_client

BENEFIT = contract_of("benefit_grant")
#: Set BEWITHU_TEST_EXAMPLES for a long run.
EXAMPLES = int(os.environ.get("BEWITHU_TEST_EXAMPLES", "25"))
_seconds = itertools.count(1)
quick = settings(
    phases=[Phase.generate],
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
Verdict = tuple[set[tuple[object, ...]], set[tuple[int, int, str]]]


def sound(contract: Contract = REGISTRATION) -> bytes:
    return encoded(sample(contract), contract)


def spoiled(kind: str) -> bytes | None:
    value = sound()
    identifier = value[6:42]
    return {
        "no value": None,
        "empty": b"",
        "JSON": b"{}",
        "truncated": value[:-3],
        "overlong": value + b"\0",
        "two in one": value + value[5:],
        "unknown schema": b"\0\0\0\0\x63" + value[5:],
        "another topic's schema": sound(BENEFIT),
        "a rule broken": encoded(sample(municipality="99999")),
        "an identifier without dashes": value.replace(
            b"\x48" + identifier, b"\x40" + identifier.replace(b"-", b"")
        ),
        "an identifier that is none": value.replace(identifier, b"z" * 36),
        "an odd boolean": value[:43] + b"\x02" + value[44:],
        "an endless int": value[:42] + zigzag(2**40) + value[43:],
        "a long way of writing 0": value[:42] + b"\x80\0" + value[43:],
        "no UTF-8": value.replace(b"UKR", b"\xff\xfeR"),
    }[kind]


KINDS = (
    "no value", "empty", "JSON", "truncated", "overlong", "two in one", "unknown schema", "another topic's schema",
    "a rule broken", "an identifier without dashes", "an identifier that is none", "an odd boolean",
    "an endless int", "a long way of writing 0", "no UTF-8",
)  # fmt: skip


def judged(contract: Contract, batches: Sequence[tuple[int, int, Sequence[Written]]]) -> Verdict:
    """What Python alone says: the facts, and partition, offset and reason of what is refused."""
    accepted, refused = set(), set()
    known = {bytes(4) + bytes([place]): each for place, each in enumerate(contracts().values(), 1)}
    writer = WriterSchema(b"", parsed_schema(contract.topic), contract.schema)
    for partition, base, records in batches:
        for row, record in enumerate(records):
            wrong = misshapen(record.value, LONGEST)
            value = record.value or b""
            if not wrong and value[:5] not in known:
                wrong = ("unknown_schema", "")
            elif not wrong and known[value[:5]] is not contract:
                wrong = ("incompatible_schema", "")
            event = None if wrong else decode(value, writer)
            if isinstance(event, Damage):
                wrong = (event.reason, "")
            elif event is not None:
                violations = contract.check(event, PUBLISHED_AT)
                wrong = (violations[0].reason, "") if violations else None
            if wrong:
                refused.add((partition, base + row, wrong[0]))
            else:
                assert event is not None
                accepted.add(as_fact(contract, event))
    return accepted, refused


def taken(database: Database, batches: Sequence[RecordBatch], records: int) -> Verdict:
    clock = Clock(PUBLISHED_AT + timedelta(seconds=next(_seconds)))
    outcome = intake_to(database, clock=clock).take(*batches)
    assert outcome.records == records
    stored = facts(database, REGISTRATION, clock.moment)
    return stored, {(each.partition, each.offset, each.reason) for each in outcome.refused}


_offsets = itertools.count(1_000, 1_000)
VALUES = st.one_of(st.just("sound"), st.just("sound"), st.just("sound"), st.sampled_from(KINDS))
SHAPES = st.tuples(
    st.sampled_from(list(CODECS)),
    st.sampled_from([None, b"", b"key", b"k" * 100]),
    st.sampled_from([(), (("agency", b"dvz"),), (("agency", None), ("trace", b"x" * 70))]),
    st.lists(VALUES, min_size=1, max_size=40),
)


@quick
@given(shapes=st.lists(SHAPES, min_size=1, max_size=6))
def test_log_records_and_plain_python_agree(
    shapes: list[tuple[str, bytes | None, Headers, list[str]]], database: Database
) -> None:
    written = []
    for number, (codec, key, headers, kinds) in enumerate(shapes):
        values = [sound() if kind == "sound" else spoiled(kind) for kind in kinds]
        # Some batches are long enough to be taken as they stand, whatever hypothesis drew.
        values += [sound() for _ in range(20 * (number % 2))]
        records = [Written(value, key, headers, NOW - row) for row, value in enumerate(values)]
        written.append((number % 3, next(_offsets), codec, records))
    expected = judged(REGISTRATION, [(partition, base, records) for partition, base, _, records in written])
    count = sum(len(records) for *_, records in written)
    as_log, one_by_one = [], []
    for partition, base, codec, records in written:
        batch = fetched(with_client(records, base, codec))
        assert batch is not None
        as_log.append(RecordBatch(REGISTRATION.topic, partition, log=[batch]))
        loose = [
            Record(base + row, each.time, each.value, each.headers)  # type: ignore[arg-type]
            for row, each in enumerate(records)
        ]
        one_by_one.append(RecordBatch(REGISTRATION.topic, partition, loose))
    assert taken(database, as_log, count) == expected
    assert taken(database, one_by_one, count) == expected


def test_a_swallowed_neighbour_is_noticed(database: Database) -> None:
    """A record that says it ends where the next one does, with a value that imitates both."""
    values = [sound() for _ in range(20)]
    records = [Written(value) for value in values]
    swallowing = Written(values[0] + bytes(40) + values[1], None)
    raw = by_hand([swallowing, *records[2:]], next(_offsets), count=20, last_delta=19)
    batch = fetched(raw)
    assert batch is not None
    outcome = intake_to(database).take(RecordBatch(REGISTRATION.topic, 0, log=[batch]))
    assert {each.reason for each in outcome.refused} == {"unreadable_batch"}
    assert len(outcome.refused) == 20
    assert facts(database) == set()


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_a_batch_that_unpacks_to_too_much_is_refused_and_its_neighbours_are_stored(
    codec: str, database: Database
) -> None:
    bomb = fetched(with_client([Written(bytes(33 << 20))], 7, codec))
    event = sample()
    good = fetched(with_client([Written(encoded(event))], 8, codec))
    assert bomb is not None
    assert good is not None
    outcome = intake_to(database).take(RecordBatch(REGISTRATION.topic, 0, log=[bomb, good]))
    (refusal,) = outcome.refused
    assert (refusal.offset, refusal.reason) == (7, "unreadable_batch")
    assert "unpacks to more than 32 MiB" in refusal.detail
    assert facts(database) == {as_fact(REGISTRATION, event)}


def test_a_batch_that_claims_two_thousand_million_records_is_one_refusal(database: Database) -> None:
    batch = fetched(by_hand([Written(sound())], 3, count=2**31 - 1, last_delta=2**31 - 2))
    assert batch is not None
    outcome = intake_to(database).take(RecordBatch(REGISTRATION.topic, 0, log=[batch]))
    assert [(each.offset, each.reason) for each in outcome.refused] == [(3, "unreadable_batch")]
    assert outcome.records == 1
