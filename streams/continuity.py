"""Remembers how far this process has stored each partition: what follows on that can never have come before."""

from __future__ import annotations

from collections.abc import Sequence

from streams.batches import RecordBatch


class Continuity:
    """`begin` before batches are stored and `end` once they are; whatever fails in between is forgotten."""

    def __init__(self) -> None:
        self._stored_upto: dict[tuple[str, int], int] = {}

    def begin(self, batches: Sequence[RecordBatch]) -> bool:
        """Whether every batch begins where this process stopped. Records given one by one are a replay's."""
        expected = {
            place: self._stored_upto.pop(place, None) for place in {_place(batch) for batch in batches}
        }
        follows = True
        for batch in batches:
            upto = expected[_place(batch)]
            follows = follows and bool(batch.log) and upto is not None and batch.first_offset == upto + 1
            expected[_place(batch)] = batch.last_offset
        return follows

    def end(self, batches: Sequence[RecordBatch]) -> None:
        self._stored_upto.update({_place(batch): batch.last_offset for batch in batches})

    def forget(self) -> None:
        """Partitions move: another worker may store what follows here."""
        self._stored_upto = {}


def _place(batch: RecordBatch) -> tuple[str, int]:
    return batch.topic, batch.partition
