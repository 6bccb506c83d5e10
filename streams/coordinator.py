"""aiokafka's member of a consumer group, made to go on by itself after whatever the broker says.

Two things leave a worker of Faust alive and silent. An error of the coordination waits until somebody asks the consumer
for records, and Faust asks the fetcher instead: nobody ever takes the error. And a broker that has just started may
not know its topics yet: whoever divides the partitions then gives nobody any, until the topics are looked up again.
"""

from __future__ import annotations

import asyncio
import logging
from time import monotonic
from typing import Any

from aiokafka.consumer import consumer as consumers
from aiokafka.consumer.group_coordinator import GroupCoordinator

log = logging.getLogger("bewithu.ingest")

_PAUSE_SECONDS = 1.0
#: The other members wait meanwhile, and a session of the shortest kind lasts six seconds.
_LONGEST_LOOK_SECONDS = 2.0
_LOOK_SECONDS = 0.1
#: So soon a topic that came later is shared out.
METADATA_MAX_AGE_MS = 10_000


class SteadyCoordinator(GroupCoordinator):  # type: ignore[misc] # aiokafka has no types
    """Joins again after an error, and divides partitions only once their topics are known, or cannot be found."""

    async def _coordination_routine(self) -> None:
        while not self._closing.done():
            try:
                await self._GroupCoordinator__coordination_routine()
            except Exception as error:
                log.exception("the membership in group %s failed unexpectedly", self.group_id)
                await self._push_error_to_user(error)

    async def _push_error_to_user(self, error: Exception) -> None:
        log.warning("group %s: %s; joining again", self.group_id, str(error) or repr(error))
        # A heartbeat or a look at offsets that ended with an error is started again by joining, and by nothing else.
        self.request_rejoin()
        await asyncio.wait([self._closing], timeout=_PAUSE_SECONDS)

    async def _perform_assignment(self, response: Any) -> Any:
        await self._look_for_topics()
        return await super()._perform_assignment(response)

    async def _look_for_topics(self) -> None:
        end = monotonic() + _LONGEST_LOOK_SECONDS
        while unknown := self._unknown_topics():
            if monotonic() > end:
                log.warning("group %s: the broker knows no topic %s", self.group_id, ", ".join(unknown))
                return
            await self._client.force_metadata_update()
            await asyncio.sleep(_LOOK_SECONDS)

    def _unknown_topics(self) -> list[str]:
        topics = self._subscription.subscription.topics
        return sorted(topic for topic in topics if not self._cluster.partitions_for_topic(topic))


def install() -> None:
    """Every consumer of this process uses it. aiokafka has no way to pass it in, and its version is pinned."""
    consumers.GroupCoordinator = SteadyCoordinator
