"""Whether the store has all that Kafka had when this process began to lead. Until then no rule is judged.

After an outage, and after a restore, values lack what was not stored meanwhile: a rule would find that an alert is
over, or that it rested on wrong data, and say so to people, and find it again when the rest is there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Final

from bewithu.errors import Unavailable
from schemas.national_number import mask
from schemas.offsets import Ends, Place

log = logging.getLogger(__name__)

#: After so long rules are judged all the same: a partition that is stuck must not silence every alert.
PATIENCE_SECONDS: Final = 900.0
_LOOK_SECONDS: Final = 2.0


@dataclass(slots=True)
class _Term:
    """From when this process began to lead. Looks that end after it change nothing."""

    begun: float | None = None
    next_look: float = float("-inf")
    ends: Mapping[Place, Ends] | None = None
    look: asyncio.Task[None] | None = None
    is_done: bool = False
    was_told: bool = False


class CatchingUp:
    """Asked before each refresh, in the event loop. It looks in a thread beside the steps, as Kafka may be slow."""

    def __init__(
        self,
        in_kafka: Callable[[], Mapping[Place, Ends]],
        reached: Callable[[], Mapping[Place, int]],
        time: Callable[[], float] = monotonic,
    ) -> None:
        self._in_kafka = in_kafka
        self._reached = reached
        self._time = time
        self._term = _Term()

    def begin_anew(self) -> None:
        """Another process leads, or none did for a while."""
        self._term = _Term()

    def is_done(self) -> bool:
        """Whether a look that has ended found everything: the refresh that follows then has it. Final in this term."""
        term, now = self._term, self._time()
        if term.begun is None:
            term.begun = now
        is_looking = term.look is not None and not term.look.done()
        if not term.is_done and not is_looking and now >= term.next_look:
            term.next_look = now + _LOOK_SECONDS
            term.look = asyncio.ensure_future(self._look(term, now - term.begun))
        return term.is_done

    async def _look(self, term: _Term, waited: float) -> None:
        try:
            left = await asyncio.to_thread(self._left, term)
        except Unavailable as error:
            told = str(error)
        except Exception as error:
            # Whatever it is, rules must not wait for it for ever.
            told = mask(f"{type(error).__name__}: {error}")
        else:
            if not left:
                term.is_done = True
                return
            told = f"{left:,} records that Kafka had are not stored yet"
        if waited >= PATIENCE_SECONDS:
            log.warning("rules are judged after %.0f s although %s", waited, told)
            term.is_done = True
        elif not term.was_told:
            log.info("rules wait: %s", told)
            term.was_told = True

    def _left(self, term: _Term) -> int:
        """Holes that lie before what is stored are not waited for: nobody fills them by themselves."""
        if term.ends is None:
            term.ends = self._in_kafka()
        reached = self._reached()
        return sum(max(0, end.high - max(reached.get(place, 0), end.low)) for place, end in term.ends.items())
