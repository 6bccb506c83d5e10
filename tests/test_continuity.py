"""Only what follows on what this process stored itself counts as new: everything else is looked up."""

from __future__ import annotations

from streams.batches import RecordBatch, joined
from streams.continuity import Continuity
from streams.record_batches import LogBatch


def batch(first: int, last: int, partition: int = 0) -> RecordBatch:
    log = LogBatch(memoryview(b""), first, last, last - first + 1, True, 0, False, 0)
    return RecordBatch("a", partition, log=[log])


def test_the_first_batch_of_a_partition_is_not_known_to_be_new() -> None:
    continuity = Continuity()
    assert not continuity.begin([batch(0, 9)])
    continuity.end([batch(0, 9)])
    assert continuity.begin([batch(10, 19), batch(20, 29)])
    assert not continuity.begin([batch(30, 39)]), "the last ones were begun and not ended"


def test_a_gap_another_partition_or_a_replay_is_looked_up() -> None:
    for taken in ([batch(11, 19)], [batch(10, 19), batch(0, 9, partition=1)], [batch(10, 12), batch(14, 19)]):
        continuity = Continuity()
        continuity.end([batch(0, 9)])
        assert not continuity.begin(taken)
    continuity = Continuity()
    continuity.end([batch(0, 9)])
    assert not continuity.begin([RecordBatch("a", 0, records=[_Record(10)])])


def test_nothing_is_known_after_partitions_moved() -> None:
    continuity = Continuity()
    continuity.end([batch(0, 9)])
    continuity.forget()
    assert not continuity.begin([batch(10, 19)])


def test_batches_that_follow_one_another_are_one() -> None:
    found = joined([batch(0, 9), batch(0, 4, 1), batch(10, 19), batch(21, 29)])
    assert [(each.partition, each.first_offset, each.last_offset) for each in found] == [
        (0, 0, 19), (0, 21, 29), (1, 0, 4),
    ]  # fmt: skip


class _Record:
    timestamp, value, headers = 0, b"x", ()

    def __init__(self, offset: int) -> None:
        self.offset = offset
