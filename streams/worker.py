"""The Faust app: takes batches, stores them, and on the leader asks for refreshes and rule evaluations."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, cast

import faust

from bewithu.correlation import ids
from bewithu.errors import LeadLost, Unavailable
from bewithu.settings import Kafka
from schemas.contracts import contracts
from schemas.national_number import mask
from streams.backlog import Backlog
from streams.batches import RecordBatch
from streams.coordinator import METADATA_MAX_AGE_MS
from streams.intake import Intake, Outcome
from streams.kafka_security import faust_credentials
from streams.ports import Reached
from streams.taking_apart import take_apart
from streams.transport import BatchConsumer

log = logging.getLogger("bewithu.ingest")
trail = logging.getLogger("bewithu.trail")

#: Bytes of one partition that are fetched at once.
_FETCH_BYTES = 8 << 20
_BURST_SECONDS = 0.01
_FIRST_PAUSE = 0.2
#: After so many errors that nobody thought of, the record that causes them is looked for.
_UNEXPECTED_ERRORS = 3
_LONGEST_PAUSE = 10.0
#: Before partitions move, and at the end, a batch under way is finished if the store takes it in so many seconds.
_LAST_BATCH_SECONDS = 2.5
_A_YEAR = 365 * 24 * 3600.0


@dataclass
class Progress:
    """What the worker did, for readiness, metrics and the demo's view. Seconds are monotonic."""

    records: int = 0
    refused: int = 0
    batches: int = 0
    stores: int = 0
    last_stored: float | None = None
    away: str = ""
    stored: asyncio.Event = field(default_factory=asyncio.Event)
    #: Whether this worker refreshes the values.
    leads: bool = False
    #: Cleared while a leader stored something that is not yet in the values.
    refreshed: asyncio.Event = field(default_factory=asyncio.Event)
    #: Told of what was stored together: the batches, what became of them, when they were taken and when that ended.
    on_stored: Callable[[Sequence[RecordBatch], Outcome, float, float], object] = lambda *_: None
    #: Since when batches are on their way to the store; None while there are none.
    storing_since: float | None = None
    #: Of each partition how many records waited in Kafka behind the last batch that was taken.
    behind: dict[tuple[str, int], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.refreshed.set()

    def begin(self, batches: Sequence[RecordBatch]) -> None:
        self.storing_since = monotonic()
        for batch in batches:
            self.behind[batch.topic, batch.partition] = batch.behind

    def note(self, outcome: Outcome, batches: int) -> None:
        self.records += outcome.records
        self.refused += len(outcome.refused)
        self.batches += batches
        self.stores += 1
        self.last_stored = monotonic()
        self.stored.set()
        if self.leads:
            self.refreshed.clear()

    def note_refreshed(self) -> None:
        """The values hold what was stored when their refresh began; if more was since, there is more to come."""
        if not self.stored.is_set() or not self.leads:
            self.refreshed.set()


class _App(faust.App):
    def _create_directories(self) -> None:
        """Faust's are for tables, of which there are none; and where a worker runs may be read-only."""

    async def _consumer_wait_empty(self, consumer: Any, logger: Any) -> None:
        """Not for long: the whole group waits, and whoever gets the partitions reads again what is not stored."""
        with suppress(TimeoutError):
            await asyncio.wait_for(super()._consumer_wait_empty(consumer, logger), _LAST_BATCH_SECONDS)


def make_app(
    settings: Kafka, intake: Intake, progress: Progress, reached: Reached | None = None
) -> faust.App:
    """The app with its one agent, which takes batches of every event topic, and the task that stores them.

    Where the store has `reached` less than the group committed, it goes on from there.
    """
    app = _App(
        settings.group,
        broker=[f"bewithu://{server}" for server in settings.bootstrap_servers.split(",")],
        broker_credentials=faust_credentials(settings),
        autodiscover=False,
        web_enabled=False,
        topic_disable_leader=False,
        topic_partitions=settings.partitions,
        topic_replication_factor=settings.replication,
        broker_session_timeout=settings.session_timeout_seconds,
        broker_heartbeat_interval=min(3.0, settings.session_timeout_seconds / 3),
        broker_commit_interval=1.0,
        consumer_max_fetch_size=_FETCH_BYTES,
        consumer_auto_offset_reset="earliest",
        consumer_metadata_max_age_ms=METADATA_MAX_AGE_MS,
        # A message is a batch of thousands: what waits for the store waits in the backlog, which counts bytes.
        stream_buffer_maxsize=1,
        stream_wait_empty=True,
    )
    # Waiting for the store is no failure: heartbeats go on, and whoever took over would wait for it as well. A consumer
    # that exceeds this leaves its group and rejoins at its next poll, which Faust makes after it has rejoined: never.
    # Set here, as Faust would let a variable BROKER_MAX_POLL_INTERVAL win over an argument.
    app.conf.broker_max_poll_interval = _A_YEAR
    # The transport makes its consumer from the app alone.
    app.reached = reached  # type: ignore[attr-defined]
    topics = app.topic(*contracts(), key_serializer="raw", value_serializer="raw", acks=True)
    backlog = Backlog(settings.backlog_mib << 20, progress.refreshed)

    @app.agent(topics, name="ingest")
    async def ingest(batches: Any) -> AsyncIterator[None]:
        async for batch in batches:
            await backlog.put(batch)
            yield

    @app.task  # type: ignore[untyped-decorator] # Faust's
    async def keep() -> None:
        while not app.should_stop:
            batches = await backlog.take()
            progress.begin(batches)
            await store(batches, intake, progress, lambda: bool(app.rebalancing or app.should_stop))
            progress.storing_since = None
            cast("BatchConsumer", app.consumer).settle(batches)

    @app.on_partitions_revoked.connect
    async def forget(*_: Any, **__: Any) -> None:
        intake.continuity.forget()
        progress.behind.clear()

    return app


async def store(
    batches: Sequence[RecordBatch], intake: Intake, progress: Progress, abandoned: Callable[[], bool]
) -> None:
    """Stores `batches`, for as long as it takes. No exception leaves before the store has answered.

    Only when partitions may be about to move away are batches left unstored: whoever gets the partitions reads
    them again from the committed offsets.
    """
    pause, unexpected = _FIRST_PAUSE, 0
    while not all(batch.stored for batch in batches):
        began = monotonic()
        try:
            if unexpected < _UNEXPECTED_ERRORS:
                outcome = await asyncio.to_thread(intake.take, *batches)
            else:
                outcome = await asyncio.to_thread(take_apart, intake, batches)
        except Exception as error:
            unexpected += not isinstance(error, Unavailable)
            # An unexpected error may quote the data that it met.
            away = str(error) if isinstance(error, Unavailable) else mask(f"{type(error).__name__}: {error}")
            if away != progress.away:
                log.warning("%s; %d fetched batches wait, trying again", away, len(batches))
            progress.away = away
            if abandoned():
                return
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        else:
            for batch in batches:
                batch.stored = True
            if progress.away:
                log.info("storing again")
            progress.away = ""
            progress.note(outcome, len(batches))
            progress.on_stored(batches, outcome, began, monotonic())
            _leave_trail(outcome)


def _leave_trail(outcome: Outcome) -> None:
    """A line for each batch: the refresh that takes it in names it by its id."""
    for note in outcome.notes:
        named = ids(
            {
                "batch": str(note.batch), "topic": note.topic, "partition": note.partition,
                "offsets": f"{note.first_offset}-{note.last_offset}",
                "records": note.records, "refused": note.refused,
            }
        )  # fmt: skip
        trail.info("stored a batch", extra=named)


async def lead(
    is_leader: Callable[[], bool],
    step: Callable[[], Awaitable[None]],
    progress: Progress,
    interval: float,
) -> None:
    """On the leader, runs `step` soon after something was stored, and at least every `interval` seconds.

    A step that fails is told and tried again: it is state-based, so nothing is done twice.
    """
    pause = interval
    while True:
        progress.stored.clear()
        progress.leads = is_leader()
        if progress.leads:
            try:
                await step()
                pause = interval
            except LeadLost as lost:
                log.info("%s", lost)
            except Unavailable as error:
                log.warning("%s; the refresh is tried again in %.0f s", error, pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            except Exception:
                log.exception("the refresh failed; it is tried again in %.0f s", pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
        progress.note_refreshed()
        try:
            await asyncio.wait_for(progress.stored.wait(), pause)
        except TimeoutError:
            continue
        # Let a burst of small batches gather, so that a refresh is shared between them.
        await asyncio.sleep(min(interval, _BURST_SECONDS))
