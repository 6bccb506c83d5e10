"""Batches that wait for the store: the busier it is, the more it finds, and the fewer and larger its inserts are."""

from __future__ import annotations

import asyncio

from streams.batches import RecordBatch


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
        """All that waits, oldest first; at least one."""
        async with self._changed:
            await self._changed.wait_for(lambda: bool(self._batches))
            taken, self._batches, self._bytes = self._batches, [], 0
            self._changed.notify_all()
            return taken
