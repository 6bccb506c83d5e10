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
from schemas.intake import BatchNote, Frame, LogFrame
from sinks.clickhouse.database import Database
from sinks.clickhouse.fact_store import ClickHouseFactStore
from streams import loose_records
from streams.batches import RecordBatch
from streams.decoding import Damage, decode
from streams.frames import zigzag
from streams.log_frames import FEW_RECORDS
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
#: No records are so few that they are read one by one for that.
ALL_AS_THEY_STAND = 0
#: In ms, so that all takes are of one minute: of the same event stored twice the fact of an earlier minute would stay.
_moments = itertools.count(1)
quick = settings(
    phases=[Phase.generate],
    max_examples=EXAMPLES,
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


def taken(
    database: Database, batches: Sequence[RecordBatch], records: int, few_records: int = ALL_AS_THEY_STAND
) -> Verdict:
    clock = Clock(PUBLISHED_AT + timedelta(milliseconds=next(_moments)))
    outcome = intake_to(database, clock=clock, few_records=few_records).take(*batches)
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
    assert taken(database, as_log, count, FEW_RECORDS) == expected
    assert taken(database, one_by_one, count) == expected


def test_a_swallowed_neighbour_is_noticed(database: Database) -> None:
    """A record that says it ends where the next one does, with a value that imitates both."""
    values = [sound() for _ in range(20)]
    records = [Written(value) for value in values]
    swallowing = Written(values[0] + bytes(40) + values[1], None)
    raw = by_hand([swallowing, *records[2:]], next(_offsets), count=20, last_delta=19)
    batch = fetched(raw)
    assert batch is not None
    outcome = intake_to(database, few_records=ALL_AS_THEY_STAND).take(
        RecordBatch(REGISTRATION.topic, 0, log=[batch])
    )
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
    outcome = intake_to(database, few_records=ALL_AS_THEY_STAND).take(
        RecordBatch(REGISTRATION.topic, 0, log=[bomb, good])
    )
    (refusal,) = outcome.refused
    assert (refusal.offset, refusal.reason) == (7, "unreadable_batch")
    assert "unpacks to more than 32 MiB" in refusal.detail
    assert facts(database) == {as_fact(REGISTRATION, event)}


def test_a_batch_that_claims_two_thousand_million_records_is_one_refusal(database: Database) -> None:
    batch = fetched(by_hand([Written(sound())], 3, count=2**31 - 1, last_delta=2**31 - 2))
    assert batch is not None
    outcome = intake_to(database, few_records=ALL_AS_THEY_STAND).take(
        RecordBatch(REGISTRATION.topic, 0, log=[batch])
    )
    assert [(each.offset, each.reason) for each in outcome.refused] == [(3, "unreadable_batch")]
    assert outcome.records == 1


# --- which frames ---


class Watched(ClickHouseFactStore):
    """Keeps the frames that it was given, and what it was told of the batches."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.frames: list[Frame | LogFrame] = []
        self.notes: list[BatchNote] = []

    def insert(self, frame: Frame | LogFrame) -> Sequence[tuple[int, int]]:
        self.frames.append(frame)
        return super().insert(frame)

    def note(self, notes: Sequence[BatchNote]) -> None:
        self.notes += notes
        super().note(notes)


def in_partitions(records: int, values: Sequence[Sequence[bytes | None]]) -> list[RecordBatch]:
    """One fetch of each partition, numbered from 0 on, each with offsets of its own; values fill up to `records`."""
    batches = []
    for partition, mine in enumerate(values):
        filled = [*mine, *(sound() for _ in range(records - len(mine)))]
        written = [Written(value, headers=[("agency", b"dvz")]) for value in filled]
        batch = fetched(with_client(written, 1_000 * (partition + 1), "lz4"))
        assert batch is not None
        batches.append(RecordBatch(REGISTRATION.topic, partition, log=[batch]))
    return batches


@pytest.mark.parametrize(
    ("few_records", "kind"), [pytest.param(61, Frame, id="few"), pytest.param(60, LogFrame, id="many")]
)
def test_a_take_of_several_partitions_is_one_frame_and_each_refusal_has_its_place(
    few_records: int, kind: type[Frame] | type[LogFrame], database: Database
) -> None:
    store = Watched(database)
    broken = encoded(sample(municipality="99999"))
    batches = in_partitions(20, [[broken], [sound()], [sound(), broken]])
    outcome = intake_to(store, few_records=few_records).take(*batches)
    assert [type(frame) for frame in store.frames] == [kind]
    assert sorted((each.partition, each.offset) for each in outcome.refused) == [(0, 1_000), (2, 3_001)]
    assert len(facts(database)) == 58
    assert [(note.partition, note.frames, note.records, note.refused) for note in store.notes] == [
        (partition, (store.frames[0].number,), 20, refused) for partition, refused in enumerate([1, 0, 1])
    ]


def test_damage_in_a_frame_of_several_partitions_is_refused_at_its_place(database: Database) -> None:
    store = Watched(database)
    batches = in_partitions(3, [[], [spoiled("truncated")], [sound(), spoiled("no UTF-8"), b""]])
    outcome = intake_to(store).take(*batches)
    assert sorted((each.partition, each.offset, each.reason) for each in outcome.refused) == [
        (1, 2_000, "truncated"),
        (2, 3_001, "undecodable"),
        (2, 3_002, "empty"),
    ]
    assert len(facts(database)) == 6
    assert [(note.partition, note.records, note.refused) for note in store.notes] == [
        (0, 3, 0), (1, 3, 1), (2, 3, 2),
    ]  # fmt: skip
    assert len({note.frames for note in store.notes}) == 1


def test_a_partition_of_which_nothing_is_stored_has_no_frame(database: Database) -> None:
    store = Watched(database)
    intake_to(store).take(*in_partitions(1, [[spoiled("truncated")], []]))
    assert [len(note.frames) for note in store.notes] == [0, 1]


def test_runs_that_are_too_long_for_one_frame_go_into_several(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loose_records, "_MOST_BYTES", 2 * len(sound()) * 20)
    store = Watched(database)
    assert not intake_to(store).take(*in_partitions(20, [[], [], []])).refused
    assert [frame.records for frame in store.frames] == [40, 20]
    assert [note.frames for note in store.notes] == [
        (store.frames[0].number,), (store.frames[0].number,), (store.frames[1].number,),
    ]  # fmt: skip
