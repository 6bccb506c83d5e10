"""Batches that wait for the store: the more there are, the fewer and larger the inserts."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from time import monotonic

from streams.batches import RecordBatch

#: With so many records still in Kafka, an insert waits for more of them: that saves merges, and nobody sees it.
_CATCHING_UP = 20_000
_PATIENCE_SECONDS = 0.25
#: A fetch hands over one partition after the other, each within this time.
_SAME_FETCH_SECONDS = 0.004
#: Inserts begin no sooner than this after one another: the first one at once, a stream of small ones in steps.
_STEP_SECONDS = 0.12
#: An insert and a refresh side by side take longer than one after the other: small ones wait for their turn, so long.
_LONGEST_TURN_SECONDS = 0.5
#: No record waits longer than these, whatever goes on coming.
_LONGEST_CATCHING_UP_SECONDS = 2.0
_LONGEST_FETCH_SECONDS = 0.02


class Backlog:
    """Holds about `most_bytes`: `put` waits while it has as many, so that no more is fetched (backpressure).

    `refreshed` is set while no refresh is under way or due.
    """

    def __init__(self, most_bytes: int, refreshed: asyncio.Event) -> None:
        self._most_bytes = most_bytes
        self._refreshed = refreshed
        self._batches: list[RecordBatch] = []
        self._bytes = 0
        self._changed = asyncio.Condition()
        self._taken_at = 0.0

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
        if not self._catching_up():
            await self._turn()
        async with self._changed:
            started = monotonic()
            while self._bytes < self._most_bytes and await self._is_worth_waiting(monotonic() - started):
                pass
            self._taken_at = monotonic()
            taken, self._batches, self._bytes = self._batches, [], 0
            self._changed.notify_all()
            return taken

    async def _turn(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._refreshed.wait(), _LONGEST_TURN_SECONDS)

    def _catching_up(self) -> bool:
        newest = {(batch.topic, batch.partition): batch.behind for batch in self._batches}
        return sum(newest.values()) >= _CATCHING_UP

    async def _is_worth_waiting(self, waited: float) -> bool:
        """Waits for more, `waited` seconds after the first; False when it is time to go with what is there."""
        catching_up = self._catching_up()
        early = self._taken_at + _STEP_SECONDS - monotonic()
        if waited > (_LONGEST_CATCHING_UP_SECONDS if catching_up else max(_LONGEST_FETCH_SECONDS, early)):
            return False
        seconds = max(_PATIENCE_SECONDS if catching_up else _SAME_FETCH_SECONDS, early)
        before = len(self._batches)
        try:
            await asyncio.wait_for(self._changed.wait_for(lambda: len(self._batches) > before), seconds)
        except TimeoutError:
            return False
        return True
