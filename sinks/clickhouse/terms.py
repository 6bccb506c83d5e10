"""Who may write steps and moves. Kafka's group says who leads, and may be a moment behind: this is said in the store.

Every write of the leader asks, in the store and while it is carried out, whether its term is still the newest. So a
write that arrives late (of a worker that was killed, or thrown out without its knowing, or that gave up waiting) writes
nothing once another term has begun; and a term begins only when the writes that asked before it have ended.
The embedded engine has one process and answers each write before the next: its only term is 0.
"""

from __future__ import annotations

import time

from bewithu.errors import Unavailable
from sinks.clickhouse.database import Database, statement

#: So long a new term waits for what an earlier one began; then its refresh is tried again.
_PATIENCE_SECONDS = 30.0
_PAUSE_SECONDS = 0.05


class Terms:
    """`current` is the term of this process, or 0 before its first."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._doubtful = not database.embedded
        self.current = 0

    def doubt(self) -> None:
        """A write may still be on its way: the next refresh begins another term."""
        self._doubtful = not self._database.embedded

    def must_begin(self, newest: int) -> bool:
        """`newest`: the newest term of all."""
        return self._doubtful or newest != self.current

    def begin(self, newest: int) -> None:
        """Another term; what is read from now on stays as it is but for what this process writes.

        Raises `Unavailable` while anything of an earlier term goes on.
        """
        self.current = max(newest + 1, time.time_ns())
        self._doubtful = True
        self._database.insert("terms", ["term"], [[self.current]])
        self._wait_for_earlier()
        self._doubtful = False

    def _wait_for_earlier(self) -> None:
        until = time.monotonic() + _PATIENCE_SECONDS
        cluster, asked = self._database.cluster, statement("under_way")
        while under_way := self._database.rows(cluster.everywhere(asked) if cluster else asked):
            if time.monotonic() > until:
                told = "; ".join(str(what) for (what,) in under_way)
                raise Unavailable(self._database.name, f"what an earlier leader began has not ended: {told}")
            time.sleep(_PAUSE_SECONDS)
