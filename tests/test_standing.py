"""Whether the store has what the group's committed offsets stand for."""

from __future__ import annotations

import pytest

from bewithu.fitting.offsets import troubles
from schemas.offsets import InKafka, InStore, Range
from sinks.clickhouse.database import Database
from sinks.clickhouse.stored_offsets import StoredOffsets
from streams.standing import resume_points, standings

PLACE = ("bewithu.registration.v1", 0)

# Offsets of one partition: stored up to, its holes; Kafka's low and high, what the group committed; missing, lost.
CASES = {
    "all is stored": ((100, ()), (0, 100, 100), [], []),
    "stored and not yet committed": ((100, ()), (0, 120, 80), [], []),
    "more waits in Kafka": ((100, ()), (0, 900, 100), [], []),
    "restored from a backup": ((60, ()), (0, 100, 100), [(60, 100)], []),
    "and Kafka has deleted some of it": ((60, ()), (70, 100, 100), [(70, 100)], [(60, 70)]),
    "and Kafka has deleted all of it": ((60, ()), (100, 100, 100), [], [(60, 100)]),
    "a worker ran on over a restore": ((130, ((60, 100),)), (0, 130, 130), [(60, 100)], []),
    "the same, found late": ((130, ((60, 100),)), (80, 130, 130), [(80, 100)], [(60, 80)]),
    "workers were away for too long": ((60, ()), (80, 130, 60), [], [(60, 80)]),
    "the store is new": ((0, ()), (0, 100, 100), [(0, 100)], []),
    "the store and the group are new": ((0, ()), (40, 100, None), [], []),
    "what was deleted before we came is none of ours": ((100, ()), (40, 100, 100), [], []),
}


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_what_is_missing_and_what_is_lost(
    case: tuple[tuple[int, tuple[tuple[int, int], ...]], tuple[int, int, int | None], object, object],
) -> None:
    (reached, holes), in_kafka, missing, lost = case
    store = {PLACE: InStore(reached, tuple(Range(*each) for each in holes))} if reached else {}
    (found,) = standings(store, {PLACE: InKafka(*in_kafka)})
    assert [(each.first, each.behind) for each in found.missing] == missing
    assert [(each.first, each.behind) for each in found.lost] == lost
    assert found.resume_at == (missing[0][0] if missing else None)
    assert not found.is_cut


def test_kafka_that_ends_before_what_was_stored_is_cut() -> None:
    (found,) = standings({PLACE: InStore(100)}, {PLACE: InKafka(0, 40, 40)})
    assert found.is_cut


@pytest.mark.parametrize(
    ("holes", "low", "perhaps"),
    [
        ([Range(7, 8)], 50, True),
        ([Range(7, 8), Range(20, 30)], 50, True),
        ([Range(20, 30)], 50, False),
        ([Range(7, 8)], 0, False),
    ],
)
def test_a_single_offset_that_is_lost_may_be_a_mark_of_a_transaction(
    holes: list[Range], low: int, perhaps: bool
) -> None:
    """Agencies are asked first whether they use them, before they send everything again."""
    (told,) = troubles(standings({PLACE: InStore(100, tuple(holes))}, {PLACE: InKafka(low, 100, 100)}))
    assert told.endswith("; perhaps only a mark of a transaction") == perhaps
    assert told.startswith("LOST: bewithu.registration.v1/0 offsets ") == bool(low)


def test_a_worker_goes_back_only_where_the_group_is_beyond_the_store() -> None:
    committed = {("a", 0): 100, ("a", 1): 100, ("a", 2): 100}
    assert resume_points(committed, {("a", 0): 100, ("a", 1): 40}) == {("a", 1): 40, ("a", 2): 0}


def test_the_store_knows_how_far_it_has_each_partition_and_what_it_lacks(database: Database) -> None:
    columns = ["topic", "partition", "first_offset", "last_offset", "records", "known_at"]
    noted = [
        ("a", 0, 0, 9), ("a", 0, 10, 19), ("a", 0, 5, 12), ("a", 0, 30, 39), ("a", 0, 41, 41), ("a", 1, 7, 9),
        ("a", -1, 0, -1),
    ]  # fmt: skip
    database.insert("batches", columns, [[*each, 0, 0] for each in noted])
    offsets = StoredOffsets(database)
    assert offsets.reached() == {("a", 0): 42, ("a", 1): 10}
    assert offsets.in_store() == {
        ("a", 0): InStore(42, (Range(20, 30), Range(40, 41))),
        ("a", 1): InStore(10),
    }
    assert list(map(str, offsets.in_store()["a", 0].holes)) == ["20-29", "40"]
