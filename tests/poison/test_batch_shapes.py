"""Record batches in each shape that brokers deliver: every record counts once, at its own place, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from schemas.contracts import contracts
from schemas.examples import PUBLISHED_AT, wire_value
from sinks.clickhouse.database import Database
from streams.batches import RecordBatch
from streams.frames import milliseconds
from tests.intake_samples import NOW, REGISTRATION, Registry, encoded, quarantined, sample
from tests.kafka_batches import CODECS, Written, by_hand, with_client
from tests.poison.logs import FEW, MANY, Taking, as_facts, in_log, new_events, old_log, read_log, written

APPEND_TIME, TRANSACTIONAL, CONTROL = 0x08, 0x10, 0x20
BASE = 1_000_000
sizes = pytest.mark.parametrize("size", [FEW, MANY])
codecs = pytest.mark.parametrize("codec", CODECS)
Builder = Callable[[list[Written], int], bytes]


# --- times ---


@sizes
@pytest.mark.parametrize("kept_by", ["producer", "broker"])
def test_the_brokers_time_counts_where_the_topic_says_so(size: int, kept_by: str, database: Database) -> None:
    """An event may not be later than Kafka's time of its record."""
    occurred = PUBLISHED_AT - timedelta(days=2)
    early, late = milliseconds(occurred - timedelta(days=5)), NOW
    until = (occurred + timedelta(days=90)).date()
    events = new_events(size, occurred_at=occurred, recorded_at=occurred, valid_until=until)
    of_producer, of_broker = (early, late) if kept_by == "broker" else (late, early)
    records = [Written(encoded(event), time=of_producer - row) for row, event in enumerate(events)]
    attributes = APPEND_TIME if kept_by == "broker" else 0
    take = Taking(database)
    outcome = take.take(in_log(by_hand(records, BASE, attributes=attributes, largest_time=of_broker)))
    assert (outcome.records, outcome.refused) == (size, [])
    assert take.facts() == as_facts(events)


@sizes
def test_an_event_after_the_brokers_time_is_refused_at_that_time(size: int, database: Database) -> None:
    appended = milliseconds(PUBLISHED_AT - timedelta(days=9))
    events = new_events(size, occurred_at=PUBLISHED_AT - timedelta(days=2))
    raw = by_hand(
        [Written(encoded(event)) for event in events], BASE, attributes=APPEND_TIME, largest_time=appended
    )
    take = Taking(database)
    outcome = take.take(in_log(raw))
    assert [each.offset for each in outcome.refused] == list(range(BASE, BASE + size))
    assert {each.reason for each in outcome.refused} == {"in_future"}
    assert {milliseconds(each.kafka_time) for each in outcome.refused} == {appended}
    assert take.facts() == set()


# --- compaction ---


@sizes
def test_a_compacted_batch_has_its_records_where_they_were(size: int, database: Database) -> None:
    """Gaps, the first and the last record gone; the one that is refused is named by its own offset."""
    events = new_events(size)
    deltas = [3 + 2 * row + (row > 1) for row in range(size)]
    records = [Written(encoded(event), delta=delta) for event, delta in zip(events, deltas, strict=True)]
    records[1] = Written(b"{}", delta=deltas[1])
    raw = by_hand(records, BASE, last_delta=deltas[-1] + 5)
    batches, behind = read_log(raw)
    assert behind == BASE + deltas[-1] + 6
    take = Taking(database)
    outcome = take.take(RecordBatch(REGISTRATION.topic, 0, log=batches))
    assert outcome.records == size
    assert [(each.offset, each.reason) for each in outcome.refused] == [(BASE + deltas[1], "wrong_magic")]
    assert take.facts() == as_facts([events[0], *events[2:]])


def test_a_batch_that_was_compacted_away_is_stepped_over(database: Database) -> None:
    """Brokers keep an empty one for its last sequence number."""
    empty = by_hand([], BASE, count=0, last_delta=9)
    assert read_log(empty) == ([], BASE + 10)
    events = new_events(FEW)
    around = with_client(written(events[:1]), BASE - 1) + empty + with_client(written(events[1:]), BASE + 10)
    take = Taking(database)
    assert take.take(in_log(around)).records == FEW
    assert take.facts() == as_facts(events)
    _, behind = read_log(around)
    assert behind == BASE + 10 + FEW - 1


# --- entered in the middle ---

BUILDERS: dict[str, Builder] = {
    "format 2": with_client,
    "format 2, compressed": lambda records, base: with_client(records, base, "zstd"),
    "format 2, with gaps": lambda records, base: by_hand(records, base, last_delta=len(records) + 4),
    "format 1": lambda records, base: old_log(records, base, 1),
    "format 1, compressed": lambda records, base: old_log(records, base, 1, "gzip"),
    "format 0": lambda records, base: old_log(records, base, 0),
    "format 0, compressed": lambda records, base: old_log(records, base, 0, "snappy"),
}


@sizes
@pytest.mark.parametrize("kind", BUILDERS)
def test_a_batch_that_is_entered_in_its_middle_counts_from_there(
    kind: str, size: int, database: Database
) -> None:
    events = new_events(size)
    records = written(events)
    records[-1] = Written(b"{}")
    start = size // 2
    take = Taking(database)
    outcome = take.take(in_log(BUILDERS[kind](records, BASE), BASE + start))
    assert outcome.records == size - start
    assert [each.offset for each in outcome.refused] == [BASE + size - 1]
    assert take.facts() == as_facts(events[start:-1])


@pytest.mark.parametrize("kind", BUILDERS)
def test_a_batch_that_was_taken_already_is_not_taken_again(kind: str) -> None:
    raw = BUILDERS[kind](written(new_events(FEW)), BASE)
    _, behind = read_log(raw)
    assert behind >= BASE + FEW
    assert read_log(raw, behind) == ([], behind)


# --- transactions ---


def marker(base: int, commit: bool) -> bytes:
    """What the coordinator of a transaction writes at its end."""
    return by_hand(
        [Written(b"\0\0\0\0\0\0", key=b"\0\0\0\1" if commit else b"\0\0\0\0")],
        base,
        attributes=CONTROL | TRANSACTIONAL,
    )


@sizes
@pytest.mark.parametrize("commit", [True, False], ids=["committed", "aborted"])
def test_the_marker_of_a_transaction_is_no_record_and_its_events_count(
    commit: bool, size: int, database: Database
) -> None:
    """We read uncommitted: events are published without transactions, and an aborted one's are true all the same."""
    events = new_events(size + 1)
    data = by_hand(written(events[:-1]), BASE, attributes=TRANSACTIONAL)
    log = data + marker(BASE + size, commit) + with_client(written(events[-1:]), BASE + size + 1)
    take = Taking(database)
    outcome = take.take(in_log(log))
    assert (outcome.records, outcome.refused) == (size + 1, [])
    assert take.facts() == as_facts(events)
    assert read_log(marker(BASE, commit)) == ([], BASE + 1)


# --- formats, codecs, headers, keys ---


@sizes
@codecs
def test_each_codec_is_read(codec: str, size: int, database: Database) -> None:
    events = new_events(size)
    take = Taking(database)
    assert take.take(in_log(with_client(written(events), BASE, codec))).records == size
    assert take.facts() == as_facts(events)


@sizes
@pytest.mark.parametrize(
    ("magic", "codec"),
    [(0, "none"), (0, "gzip"), (0, "snappy"), (1, "none"), (1, "gzip"), (1, "snappy"), (1, "lz4")],
)
def test_message_sets_of_old_brokers_are_read(magic: int, codec: str, size: int, database: Database) -> None:
    """Format 0 has no times, and neither has headers."""
    events = new_events(size)
    records = written(events)
    records[1] = Written(None)
    take = Taking(database)
    outcome = take.take(in_log(old_log(records, BASE, magic, codec)))
    assert outcome.records == size
    assert [(each.offset, each.reason, each.agency) for each in outcome.refused] == [(BASE + 1, "empty", "")]
    assert take.facts() == as_facts([events[0], *events[2:]])


@sizes
def test_records_of_one_batch_may_differ_in_keys_and_headers(size: int, database: Database) -> None:
    kinds = [
        Written(b""),
        Written(b"", b""),
        Written(b"", b"k" * 300, [("agency", b"dvz"), ("trace", None)]),
        Written(b"", None, [("", b""), ("agency", None)]),
        Written(b"", b"\0", [(f"header {number}", b"x" * number) for number in range(70)]),
    ]
    events = new_events(size)
    records = [
        Written(encoded(event), kinds[row % 5].key, kinds[row % 5].headers)
        for row, event in enumerate(events)
    ]
    take = Taking(database)
    outcome = take.take(in_log(with_client(records, BASE)))
    assert (outcome.records, outcome.refused) == (size, [])
    assert take.facts() == as_facts(events)


# --- what comes together ---


@sizes
def test_an_event_that_is_there_twice_in_one_batch_is_one_fact(size: int, database: Database) -> None:
    events = new_events(size)
    bad = Written(encoded(sample(municipality="99999")), b"key", [("agency", b"dvz")])
    records = [*written(events), bad, *written(events), bad]
    take = Taking(database)
    outcome = take.take(in_log(with_client(records, BASE)))
    assert outcome.records == len(records)
    assert [each.offset - BASE for each in outcome.refused] == [size, 2 * size + 1]
    assert take.facts() == as_facts(events)
    assert [row["offset"] - BASE for row in quarantined(database)] == [size, 2 * size + 1]


@sizes
def test_several_topics_in_one_take_keep_to_themselves(size: int, database: Database) -> None:
    """Also where an event lands on the topic of another, and where offsets are the same."""
    sent, batches = {}, []
    for contract in contracts().values():
        events = new_events(size, contract)
        strange = next(each for each in contracts().values() if each is not contract)
        records = [*written(events, contract), *written(new_events(1, strange), strange)]
        batches.append(in_log(with_client(records, BASE, "lz4"), topic=contract.topic))
        sent[contract.topic] = events
    take = Taking(database)
    outcome = take.take(*batches)
    assert outcome.records == len(batches) * (size + 1)
    assert sorted((each.topic, each.offset, each.reason) for each in outcome.refused) == [
        (topic, BASE + size, "incompatible_schema") for topic in sorted(sent)
    ]
    for topic, events in sent.items():
        assert take.facts(contracts()[topic]) == as_facts(events, contracts()[topic])


@sizes
def test_several_schemas_in_one_batch_are_each_read_as_written(size: int, database: Database) -> None:
    registry = Registry()
    shorter = json.loads(REGISTRATION.schema_text)
    shorter["fields"] = [each for each in shorter["fields"] if each["name"] != "household"]
    turned = json.loads(REGISTRATION.schema_text)
    turned["fields"].reverse()
    texts = {
        21: json.dumps(shorter),
        22: json.dumps(turned),
        1 + list(contracts()).index(REGISTRATION.topic): "",
    }
    registry.texts |= {number: text for number, text in texts.items() if text}
    events = new_events(size, household=None)
    records = []
    for row, event in enumerate(events):
        number = list(texts)[row % 3]
        schema = json.loads(texts[number] or REGISTRATION.schema_text)
        records.append(
            Written(wire_value(schema, {n["name"]: event[n["name"]] for n in schema["fields"]}, number))
        )
    take = Taking(database, registry)
    outcome = take.take(in_log(with_client(records, BASE)))
    assert (outcome.records, outcome.refused) == (size, [])
    assert take.facts() == as_facts(events)


# --- nothing but bad ones ---


def test_ten_thousand_bad_records_in_a_row_hold_nothing_up(database: Database) -> None:
    """Of every kind that is told in another place, in batches of their own and in one."""
    whole = encoded(sample())
    bad = [
        b"{}",
        None,
        whole[:-2],
        whole + b"\0",
        b"\0\0\0\0\x63" + whole[5:],
        encoded(sample(municipality="99999")),
    ]
    same = [Written(bad[2], b"key")] * 5_000
    mixed = [Written(bad[row % len(bad)], b"key", [("agency", b"dvz")]) for row in range(5_000)]
    events = new_events(FEW)
    log = with_client(same, 0, "zstd") + with_client(mixed, 5_000) + with_client(written(events), 10_000)
    take = Taking(database)
    outcome = take.take(in_log(log))
    assert outcome.records == 10_000 + FEW
    assert sorted(each.offset for each in outcome.refused) == list(range(10_000))
    assert take.facts() == as_facts(events)
    assert len(quarantined(database)) == 10_000
