"""Batches that wait for the store: the more there are, the fewer and larger the inserts."""

from __future__ import annotations

import asyncio
from time import monotonic

from streams.batches import RecordBatch

#: With so many records still in Kafka, an insert waits for more of them: that saves merges, and nobody sees it.
_CATCHING_UP = 20_000
_PATIENCE_SECONDS = 0.25
#: A fetch hands over one partition after the other, each within this time.
_SAME_FETCH_SECONDS = 0.004
#: No record waits longer than these, whatever goes on coming.
_LONGEST_CATCHING_UP_SECONDS = 2.0
_LONGEST_FETCH_SECONDS = 0.02


class Backlog:
    """Holds about `most_bytes`: `put` waits while it has as many, so that no more is fetched (backpressure)."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._batches: list[RecordBatch] = []
        self._bytes = 0
        self._changed = asyncio.Condition()

    async def put(self, batch: RecordBatch) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._bytes < self._most_bytes)
            self._batches.append(batch)
            self._bytes += batch.size
            self._changed.notify_all()

    async def take(self) -> list[RecordBatch]:
        """All that waits, oldest first; at least one. While much is still in Kafka, it waits to be filled."""
        async with self._changed:
            await self._changed.wait_for(lambda: bool(self._batches))
            started = monotonic()
            while self._bytes < self._most_bytes and await self._grows(monotonic() - started):
                pass
            taken, self._batches, self._bytes = self._batches, [], 0
            self._changed.notify_all()
            return taken

    def _catching_up(self) -> bool:
        newest = {(batch.topic, batch.partition): batch.behind for batch in self._batches}
        return sum(newest.values()) >= _CATCHING_UP

    async def _grows(self, waited: float) -> bool:
        """Whether more came soon, `waited` seconds after the first."""
        catching_up = self._catching_up()
        if waited > (_LONGEST_CATCHING_UP_SECONDS if catching_up else _LONGEST_FETCH_SECONDS):
            return False
        seconds = _PATIENCE_SECONDS if catching_up else _SAME_FETCH_SECONDS
        before = len(self._batches)
        try:
            await asyncio.wait_for(self._changed.wait_for(lambda: len(self._batches) > before), seconds)
        except TimeoutError:
            return False
        return True
