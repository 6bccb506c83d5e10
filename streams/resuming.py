"""Where partitions that were just assigned go on, when the store has less of them than the group committed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from faust.types import TP

from bewithu.errors import Unavailable
from streams.ports import Reached
from streams.standing import resume_points

log = logging.getLogger("bewithu.ingest")

#: So long they wait for what the store says of them.
_ASKING_SECONDS = 5.0


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
