"""Whether the store has all that Kafka had when this process began to lead. Until then no rule is judged.

After an outage, and after a restore, values lack what was not stored meanwhile: a rule would find that an alert is
over, or that it rested on wrong data, and say so to people, and find it again when the rest is there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Final

from bewithu.errors import Unavailable
from schemas.offsets import Ends, Place

log = logging.getLogger(__name__)

#: After so long rules are judged all the same: a partition that is stuck must not silence every alert.
PATIENCE_SECONDS: Final = 900.0
_LOOK_SECONDS: Final = 2.0


class CatchingUp:
    """Asked before each evaluation, in a thread; an answer of True is final until it begins anew."""

    def __init__(
        self,
        in_kafka: Callable[[], Mapping[Place, Ends]],
        reached: Callable[[], Mapping[Place, int]],
        time: Callable[[], float] = monotonic,
    ) -> None:
        self._in_kafka = in_kafka
        self._reached = reached
        self._time = time
        self.begin_anew()

    def begin_anew(self) -> None:
        """Another process leads, or none did for a while."""
        self._is_done = False
        self._begun: float | None = None
        self._next_look = float("-inf")
        self._ends: Mapping[Place, Ends] | None = None
        self._was_told = False

    def is_done(self) -> bool:
        now = self._time()
        if self._begun is None:
            self._begun = now
        if not self._is_done and now >= self._next_look:
            self._next_look = now + _LOOK_SECONDS
            self._is_done = self._look(now - self._begun)
        return self._is_done

    def _look(self, waited: float) -> bool:
        try:
            left = self._left()
        except Unavailable as error:
            told = str(error)
        else:
            if not left:
                return True
            told = f"{left:,} records that Kafka had are not stored yet"
        if waited >= PATIENCE_SECONDS:
            log.warning("rules are judged after %.0f s although %s", waited, told)
            return True
        if not self._was_told:
            log.info("rules wait: %s", told)
            self._was_told = True
        return False

    def _left(self) -> int:
        """Holes that lie before what is stored are not waited for: nobody fills them by themselves."""
        if self._ends is None:
            self._ends = self._in_kafka()
        reached = self._reached()
        return sum(
            max(0, end.high - max(reached.get(place, 0), end.low)) for place, end in self._ends.items()
        )
