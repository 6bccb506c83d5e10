"""Where partitions that were just assigned go on: behind what the group committed, and behind what the store has."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from faust.types import TP

from bewithu.errors import Unavailable
from streams.ports import Reached
from streams.standing import resume_points

log = logging.getLogger("bewithu.ingest")

#: So long they wait for what the store says of them.
_ASKING_SECONDS = 5.0


async def seek_to_committed(consumer: AIOKafkaConsumer) -> Mapping[TopicPartition, int | None]:
    """Every assigned partition to what the group committed of it, which is returned, or to its beginning.

    aiokafka leaves a partition of which nothing was committed where it is, and that may be behind records that were
    fetched and dropped while partitions moved: they would be passed over for good.
    """
    committed: Mapping[TopicPartition, int | None] = await consumer.seek_to_committed()
    if fresh := [partition for partition, offset in committed.items() if not offset or offset < 0]:
        await consumer.seek_to_beginning(*fresh)
    return committed


async def behind_the_group(reached: Reached | None, committed: Mapping[TP, int | None]) -> Mapping[TP, int]:
    """The partitions of which less is stored, and how far that is. None without `reached`."""
    if reached is None:
        return {}
    places = {(tp.topic, tp.partition): tp for tp in committed}
    offsets = {(tp.topic, tp.partition): offset for tp, offset in committed.items() if offset}
    try:
        # Soon, or not at all: the group waits. A store that is away now was asked when the worker started.
        asked = asyncio.to_thread(reached)
        points = resume_points(offsets, await asyncio.wait_for(asked, _ASKING_SECONDS))
    except (Unavailable, TimeoutError) as error:
        log.warning("going on from the committed offsets, as the store does not say what it has: %s", error)
        return {}
    return {places[place]: offset for place, offset in points.items()}
