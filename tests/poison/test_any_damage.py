"""Whatever bytes are damaged: each record is a fact with its own values or in quarantine, and no other is touched."""

from __future__ import annotations

import os
import re
import struct
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from schemas.contracts import Contract, contracts
from schemas.examples import PUBLISHED_AT
from sinks.clickhouse.contract_tables import facts_table
from sinks.clickhouse.database import Database
from streams.log_frames import FEW_RECORDS
from tests.intake_samples import NOW, REGISTRATION, encoded
from tests.kafka_batches import CODECS, Written, by_hand, with_checksum, with_client
from tests.poison.damage import damaged, edits
from tests.poison.logs import AS_THEY_STAND, Taking, as_facts, in_log, new_events, written
from tests.poison.oracle import Malformed, Verdict, judge, records_in, time_of

#: Set BEWITHU_TEST_EXAMPLES for a long run.
EXAMPLES = int(os.environ.get("BEWITHU_TEST_EXAMPLES", "30"))
_HEADER = 61
#: A number that goes on for no reason: nothing in a sound registration has this form.
_OVERLONG = re.compile(rb"[\x80-\xff]\x00")
quick = settings(
    phases=[Phase.explicit, Phase.generate],
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def assert_as_judged(
    contract: Contract, verdicts: Sequence[Verdict], refused: Sequence[bool], stored: set[tuple[Any, ...]]
) -> None:
    """Accepted, refused and duplicates are all that was published; only a limit leaves the store a choice."""
    accepted = [
        verdict.fact for verdict, away in zip(verdicts, refused, strict=True) if not away and verdict.fact
    ]
    for verdict, away in zip(verdicts, refused, strict=True):
        assert away if verdict.fact is None else not away or verdict.limit, verdict
    names = [each.name for each in contract.fields]
    key = [names.index(name) for name in ("person", "event_id", "revision")]
    kept = Counter(tuple(fact[place] for place in key) for fact in accepted)
    assert stored <= set(accepted)
    assert {tuple(fact[place] for place in key) for fact in stored} == kept.keys()
    duplicates = sum(kept.values()) - len(kept)
    assert len(stored) + sum(refused) + duplicates == len(verdicts)


@quick
@given(
    data=st.data(),
    contract=st.sampled_from(list(contracts().values())),
    count=st.sampled_from([1, 5, 40]),
    codec=st.sampled_from(list(CODECS)),
)
def test_each_record_is_a_fact_with_its_own_values_or_refused_whatever_is_damaged(
    data: st.DataObject, contract: Contract, count: int, codec: str, database: Database
) -> None:
    changes = data.draw(st.lists(edits(count), min_size=1, max_size=3))
    values = damaged([encoded(event, contract) for event in new_events(count, contract)], changes)
    verdicts = [judge(contract, value, PUBLISHED_AT) for value in values]
    neighbours = new_events(20, contract)
    other = in_log(with_client(written(neighbours, contract), 0), topic=contract.topic, partition=1)
    as_log = in_log(
        with_client([Written(value, b"k", [("agency", b"dvz")]) for value in values], 7, codec),
        topic=contract.topic,
    )
    for few_records in (AS_THEY_STAND, FEW_RECORDS):
        # The same events at a later moment would change nothing.
        database.run(f"TRUNCATE TABLE {facts_table(contract.event_type)}")
        take = Taking(database, few_records=few_records)
        outcome = take.take(as_log, other)
        assert outcome.records == count + 20
        assert {each.partition for each in outcome.refused} <= {0}
        offsets = [each.offset for each in outcome.refused]
        assert len(set(offsets)) == len(offsets)
        stored = take.facts(contract)
        unharmed = as_facts(neighbours, contract)
        assert unharmed <= stored
        assert_as_judged(contract, verdicts, [7 + row in offsets for row in range(count)], stored - unharmed)


@quick
@given(data=st.data())
def test_damage_anywhere_in_a_batch_of_kafka_stores_nothing_that_was_not_sent(
    data: st.DataObject, database: Database
) -> None:
    """Also where Kafka's own numbers are hit: lengths, offsets, times, keys and headers."""
    count, base = 24, 5_000
    raw = by_hand(written(new_events(count)), base)
    (body,) = damaged([raw[_HEADER:]], data.draw(st.lists(edits(1, first=0), min_size=1, max_size=3)))
    raw = raw[:8] + struct.pack(">i", _HEADER - 12 + len(body)) + raw[12:_HEADER] + body
    neighbours = new_events(20)
    other = in_log(with_client(written(neighbours), base, "zstd"), partition=1)
    take = Taking(database, few_records=data.draw(st.sampled_from([AS_THEY_STAND, FEW_RECORDS])))
    outcome = take.take(in_log(with_checksum(raw)), other)
    unharmed = as_facts(neighbours)
    stored = take.facts()
    assert unharmed <= stored
    assert outcome.records == count + 20
    refused = [(each.partition, each.offset) for each in outcome.refused]
    try:
        records = records_in(body, count, count - 1)
    except (Malformed, IndexError) as error:
        if stored != unharmed and (_OVERLONG.search(body) or "left over" in str(error)):
            # A log frame takes what is there as it is meant, whatever the lengths say: limits of decision 2.
            assert len(stored) + len(refused) <= count + len(unharmed)
            return
        assert {each.reason for each in outcome.refused} == {"unreadable_batch"}
        assert sorted(refused) == [(0, base + row) for row in range(count)]
        assert stored == unharmed
        return
    verdicts = [judge(REGISTRATION, value, time_of(NOW + delta)) for _, delta, value in records]
    assert_as_judged(
        REGISTRATION, verdicts, [(0, base + delta) in refused for delta, _, _ in records], stored - unharmed
    )


@pytest.mark.parametrize("few_records", [AS_THEY_STAND, FEW_RECORDS])
def test_bytes_behind_a_batch_with_a_refused_record_stop_nothing(
    few_records: int, database: Database
) -> None:
    """A log frame does not look at them, and where the refusal is to be explained the batch cannot be read."""
    events = new_events(24)
    events[7] = {**events[7], "municipality": "99999"}
    raw = by_hand(written(events), 5_000)
    body = raw[_HEADER:] + bytes(2)
    raw = raw[:8] + struct.pack(">i", _HEADER - 12 + len(body)) + raw[12:_HEADER] + body
    take = Taking(database, few_records=few_records)
    outcome = take.take(in_log(with_checksum(raw)))
    assert outcome.records == 24
    assert {each.reason for each in outcome.refused} == {"unreadable_batch"}
    refused = [each.offset for each in outcome.refused]
    assert 5_007 in refused
    assert len(take.facts()) + len(refused) == 24


@pytest.mark.parametrize("deltas", [[0, -3, 2], [0, 1, 7], [0, 1, 1], [0, 2, 1]], ids=str)
@pytest.mark.parametrize("more", [0, 30])
def test_offsets_that_no_broker_gives_lose_no_record(
    deltas: list[int], more: int, database: Database
) -> None:
    """A record outside of its batch, twice at one place, or out of order."""
    events = new_events(len(deltas) + more)
    deltas = [*range(more), *(more + delta for delta in deltas)]
    records = [Written(encoded(event), delta=delta) for event, delta in zip(events, deltas, strict=True)]
    batch = in_log(by_hand(records, 100, last_delta=len(events) - 1))
    take = Taking(database)
    outcome = take.take(batch)
    assert outcome.records == len(events)
    assert [each.offset - 100 for each in outcome.refused] == list(range(len(events)))
    assert {each.reason for each in outcome.refused} == {"unreadable_batch"}
    assert take.facts() == set()


def test_a_record_that_claims_a_place_in_another_batch_is_not_lost(database: Database) -> None:
    """In a log frame with both batches its offset would be one of the other's, and nobody would find it there."""
    events = new_events(20)
    one = in_log(with_client(written(events), 100), partition=0)
    bad = [
        Written(encoded({**event, "municipality": "99999"}), b"key", [("agency", b"dvz")]) for event in events
    ]
    for deltas in ([*range(10), *range(30, 40)], [*range(10), *range(-10, 0)]):
        records = [replace(each, delta=delta) for each, delta in zip(bad, deltas, strict=True)]
        two = in_log(by_hand(records, 500, last_delta=19), partition=1)
        for batches in ([one, two], [two, one]):
            outcome = Taking(database).take(*batches)
            assert outcome.records == 40
            assert [(each.partition, each.offset) for each in outcome.refused] == [
                (1, 500 + row) for row in range(20)
            ]


def test_a_batch_that_ends_before_it_begins_is_refused_where_it_begins(database: Database) -> None:
    outcome = Taking(database).take(in_log(by_hand([Written(b"{}", delta=-9)], 100, last_delta=-9)))
    assert [(each.offset, each.reason) for each in outcome.refused] == [(100, "unreadable_batch")]
    assert outcome.records == 1
