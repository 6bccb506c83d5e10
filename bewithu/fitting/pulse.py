"""Whether a worker can do its work, from what it last saw of itself and its parts: all of it in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from bewithu.board.health import Readiness

#: Kafka answers a fetch twenty times a second, with or without records. Who hears nothing for so long takes nothing.
SILENT_SECONDS: Final = 30.0
#: The members of a group are given a minute to hand over; then something is wrong.
REBALANCE_SECONDS: Final = 90.0
#: One insert of what was fetched takes seconds.
STORING_SECONDS: Final = 120.0
#: From then on it is no delay any more: where Kafka answers, a new consumer is what helps.
HOPELESS_SECONDS: Final = 300.0
#: So many records behind, a worker catches up.
CATCHING_UP: Final = 10_000


class Consumer(Protocol):
    """What is looked at of `streams.transport.BatchConsumer`."""

    def heard_seconds_ago(self) -> float | None: ...


@dataclass(slots=True)
class Pulse:
    """What was seen of the consumer; moments are monotonic seconds. `partitions`: None before the first assignment."""

    partitions: int | None = None
    rebalancing_since: float | None = None
    #: When Kafka last answered a fetch, or there was no need for one.
    heard_at: float | None = None
    #: Asked apart from the consumer, once that has heard nothing for long.
    broker_answers: bool = True
    #: Of a worker that asks the store for nothing else.
    store_trouble: str = ""

    def look(
        self, consumer: Consumer, partitions: int | None, rebalancing: bool, busy: bool, now: float
    ) -> None:
        """`busy`: batches wait for the store, so that nothing more is fetched."""
        self.partitions = partitions
        self.rebalancing_since = (self.rebalancing_since or now) if rebalancing else None
        ago = consumer.heard_seconds_ago() if partitions and not rebalancing and not busy else 0.0
        if ago is not None:
            self.heard_at = max(self.heard_at or 0.0, now - ago)
        elif self.heard_at is None:
            self.heard_at = now
        if self.silent(now) < SILENT_SECONDS and not self.rebalances_for(now) > REBALANCE_SECONDS:
            self.broker_answers = True

    def silent(self, now: float) -> float:
        return 0.0 if self.heard_at is None else now - self.heard_at

    def rebalances_for(self, now: float) -> float:
        return 0.0 if self.rebalancing_since is None else now - self.rebalancing_since

    def is_doubtful(self, now: float) -> bool:
        """Whether it is time to ask the broker itself."""
        return self.silent(now) >= SILENT_SECONDS or self.rebalances_for(now) >= REBALANCE_SECONDS


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that readiness is judged by, at the monotonic second `now`."""

    pulse: Pulse
    now: float
    started: bool
    waiting_for: str
    stopping: bool
    crashed: bool
    leads: bool
    #: Why the store, the registry or the leader's step failed last; empty when it did not.
    away: str
    trouble: str
    storing_since: float | None
    behind: int


def judged(seen: Seen) -> Readiness:
    """Live as long as a restart would not help."""
    hopeless = tuple(_hopeless(seen))
    reasons = (*hopeless, *(reason for reason in _reasons(seen) if reason not in hopeless))
    state = {
        "partitions": seen.pulse.partitions or 0,
        "leads": seen.leads,
        "behind": seen.behind,
        "catching_up": seen.behind >= CATCHING_UP,
    }
    return Readiness(not hopeless, not reasons, reasons, state, hopeless)


def _hopeless(seen: Seen) -> Iterator[str]:
    """Why only a restart helps."""
    if seen.crashed:
        yield "the consumer crashed"
    if not seen.started or seen.stopping or not seen.pulse.broker_answers:
        return
    if seen.pulse.silent(seen.now) >= HOPELESS_SECONDS:
        yield "the consumer takes nothing any more, though Kafka answers"
    if seen.pulse.rebalances_for(seen.now) >= HOPELESS_SECONDS:
        yield "the consumer came to no end of a rebalance, though Kafka answers"


def _reasons(seen: Seen) -> Iterator[str]:
    """Why no work can be done now."""
    if seen.stopping:
        yield "it was told to end"
    elif not seen.started:
        yield f"waits for {seen.waiting_for}"
    elif seen.pulse.partitions is None:
        yield "waits for its place in the consumer group"
    found = [seen.away]
    if seen.leads:
        found.append(seen.trouble)
    elif not seen.away:
        found.append(seen.pulse.store_trouble)
    yield from filter(None, found)
    if seen.started and not seen.stopping:
        yield from _delays(seen)


def _delays(seen: Seen) -> Iterator[str]:
    """What takes longer than it should."""
    pulse, now = seen.pulse, seen.now
    if pulse.silent(now) >= SILENT_SECONDS:
        lasting = f"for {SILENT_SECONDS:.0f} s and more"
        if pulse.broker_answers:
            yield f"its consumer has heard nothing {lasting}, though Kafka answers"
        else:
            yield f"nothing was heard from Kafka {lasting}"
    if pulse.rebalances_for(now) >= REBALANCE_SECONDS:
        yield f"the consumer group has not shared its partitions out for {REBALANCE_SECONDS:.0f} s and more"
    if seen.storing_since is not None and now - seen.storing_since >= STORING_SECONDS and not seen.away:
        yield f"the store has not answered an insert for {STORING_SECONDS:.0f} s and more"
