"""What the leader needs from the rest of the platform."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from sinks.clickhouse.audit import Audited
from sinks.clickhouse.forgetting import Forgot
from sinks.clickhouse.indicator_store import Refreshed


class Refresh(Protocol):
    """As `ClickHouseIndicators.refresh`."""

    def __call__(
        self, now: datetime, on_values: Callable[[], object], leads: Callable[[], bool]
    ) -> Refreshed | None: ...


class Audit(Protocol):
    """As `ClickHouseIndicators.audit`, of a sample of its own choice."""

    def __call__(self, now: datetime, leads: Callable[[], bool]) -> Audited | None: ...


class Forget(Protocol):
    """As `ClickHouseIndicators.forget`, of what is too old by now."""

    def __call__(self, now: datetime, leads: Callable[[], bool]) -> Forgot | None: ...


class Watch(Protocol):
    """Who wants to hear how long things took, in seconds."""

    def took(self, stage: str, seconds: float) -> object: ...

    def readable_after(self, seconds: float) -> object:
        """From Kafka's time of a batch's first record until a value with it could be read."""


class Unwatched:
    def took(self, stage: str, seconds: float) -> None: ...

    def readable_after(self, seconds: float) -> None: ...


class CatchesUp(Protocol):
    """As `CatchingUp`."""

    def is_done(self) -> bool: ...

    def begin_anew(self) -> None: ...


class NoteFeeds(Protocol):
    """As `FeedLog.note`."""

    def __call__(self, now: datetime, leads: Callable[[], bool]) -> int: ...
