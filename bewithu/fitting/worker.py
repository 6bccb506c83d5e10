"""Starts the parts of a worker in order, keeps them going, and stops them in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from time import monotonic
from typing import Any, TypeVar

from aiohttp import web

from bewithu.board.access import Login
from bewithu.board.acting import AlertActions, LinkActions
from bewithu.board.app import make_app as make_board
from bewithu.board.data import BoardData
from bewithu.board.health import Readiness
from bewithu.clock import Clock
from bewithu.errors import BewithuError, Unavailable
from bewithu.fitting.leader import Leader
from bewithu.fitting.metrics import Metrics
from bewithu.fitting.offsets import look, troubles
from bewithu.fitting.pulse import Pulse, Seen, judged
from bewithu.fitting.quiet import REASON, require_a_group_of_its_own
from bewithu.settings import Settings
from schemas.contracts import contracts
from schemas.outward import outward_contracts
from sinks.clickhouse.bookkeeping import Bookkeeping
from sinks.clickhouse.database import Database
from sinks.clickhouse.prepare import prepare
from streams.registry import SchemaRegistry
from streams.topics import answers, ensure_topics
from streams.worker import Progress, lead

log = logging.getLogger("bewithu.worker")

T = TypeVar("T")
_LONGEST_PAUSE = 10.0
#: Whoever leads next waits for the step under way, so long: the group's members are given a minute to hand over.
_HAND_OVER_SECONDS = 30.0
#: A supervisor kills a process that does not end within ten seconds: of these a step under way may take so many.
_END_SECONDS = 3.0
#: How often a worker that does not lead asks whether the store is there, and a silent one whether Kafka is.
_PROBE_SECONDS = 5.0


@dataclass
class Worker:
    """One process of the platform. `run` returns when `stop` is set; it raises when the process must end."""

    settings: Settings
    clock: Clock
    registry: SchemaRegistry
    databases: Sequence[Database]
    app: Any
    progress: Progress
    leader: Leader
    board: BoardData
    actions: LinkActions | None
    login: Login
    alert_actions: AlertActions | None
    metrics: Metrics
    quiet: bool = False
    address: str = ""
    started: bool = False
    waiting_for: str = "the start"
    stopping: bool = False
    pulse: Pulse = field(default_factory=Pulse)

    async def run(self, stop: asyncio.Event) -> None:
        """Serves from the start; takes events once every part answers."""
        server = await self._serve()
        try:
            await first_to_end(self._work(), stop.wait())
        finally:
            self.stopping = True
            await server.cleanup()
            self.registry.close()
            for database in self.databases:
                await asyncio.to_thread(database.close)

    def readiness(self) -> Readiness:
        """From memory: what the worker last saw of its parts."""
        found = judged(
            Seen(
                pulse=self.pulse,
                now=monotonic(),
                started=self.started,
                waiting_for=self.waiting_for,
                stopping=self.stopping,
                crashed=bool(self.app.crashed),
                leads=self.started and bool(self.app.is_leader()),
                away=self.progress.away,
                trouble=self.leader.trouble,
                storing_since=self.progress.storing_since,
                behind=sum(self.progress.behind.values()),
            )
        )
        return replace(found, ready=False, reasons=(REASON, *found.reasons)) if self.quiet else found

    async def _work(self) -> None:
        await self._patiently("ClickHouse", lambda: prepare(self.databases[0]))
        await self._patiently("Kafka", self._ensure_topics)
        await self._patiently("the schema registry", self._register)
        await asyncio.to_thread(self._tell_what_is_not_stored)
        loop = asyncio.get_running_loop()
        # What is left of a refresh then is little, and may go on beside the next insert.
        self.leader.on_values = partial(loop.call_soon_threadsafe, self.progress.note_refreshed)
        self.leader.leads = self._takes_steps
        self.app.on_partitions_revoked.connect(self._hand_over)
        await self.app.start()
        self.started = True
        try:
            interval = self.settings.refresh.interval_seconds
            await first_to_end(
                self._watch(),
                lead(self._takes_steps, self.leader.keep_up, self.progress, interval),
                self.metrics.keep_up(self.app.consumer),
                self._probe(),
            )
        finally:
            self.leader.leads = lambda: False
            await self.leader.idle(_END_SECONDS)
            # It waits for the batch under way, and leaves the group, so that others need not wait for us.
            await self.app.stop()

    def leads(self) -> bool:
        """Whether this worker refreshes, evaluates and mails. From memory, in any thread."""
        return self.started and self._takes_steps()

    def _takes_steps(self) -> bool:
        return bool(self.app.is_leader() and not self.app.rebalancing and not self.app.should_stop)

    async def _hand_over(self, *_: Any, **__: Any) -> None:
        """Two leaders at once would both append the same difference: the group waits for the step under way."""
        if not await self.leader.idle(_HAND_OVER_SECONDS):
            log.warning("a step of the leader still runs after %.0f s; the group goes on", _HAND_OVER_SECONDS)

    async def _watch(self) -> None:
        """A consumer that crashed takes nothing any more, silently: end the process, so that it is restarted."""
        while not self.app.crashed:
            self._look()
            await asyncio.sleep(0.5)
        raise BewithuError(f"the Kafka consumer crashed: {self.app.crash_reason!r}; restart the worker")

    def _look(self) -> None:
        assigned = getattr(self.app, "_assignment", None)
        busy = self.progress.storing_since is not None
        self.pulse.look(
            self.app.consumer,
            None if assigned is None else len(assigned),
            bool(self.app.rebalancing),
            busy,
            monotonic(),
        )

    async def _probe(self) -> None:
        """What nothing else asks: the store of a worker that does not lead, and Kafka, once it has gone silent."""
        look = Bookkeeping(self.databases[-1]).last_refresh
        while True:
            if self._takes_steps():
                self.pulse.store_trouble = ""
            else:
                try:
                    await asyncio.to_thread(look)
                    self.pulse.store_trouble = ""
                except Exception as error:
                    told = str(error) if isinstance(error, Unavailable) else type(error).__name__
                    self.pulse.store_trouble = told
            if self.pulse.is_doubtful(monotonic()):
                self.pulse.broker_answers = await asyncio.to_thread(answers, self.settings.kafka)
            await asyncio.sleep(_PROBE_SECONDS)

    async def _patiently(self, part: str, call: Callable[[], T]) -> T:
        """The call's answer, tried until its part answers."""
        pause, said = 0.2, ""
        self.waiting_for = part
        while True:
            try:
                return await asyncio.to_thread(call)
            except Unavailable as error:
                if str(error) != said:
                    log.warning("%s; waiting for it", error)
                said = str(error)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _ensure_topics(self) -> None:
        # Not long: a thread cannot be cancelled, and the end of the worker waits for it.
        made = ensure_topics(self.settings.kafka, seconds=3)
        if made:
            log.info("made topics %s", ", ".join(made))

    def _tell_what_is_not_stored(self) -> None:
        """Once, at the start. What can be read again is read by whoever gets the partition; the rest is for people."""
        try:
            found = look(self.settings.kafka, self.databases[0])
            if self.quiet:
                require_a_group_of_its_own(self.settings.kafka, found)
            for trouble in troubles(found):
                log.error("%s", trouble)
        except Unavailable as error:
            log.warning("it is not known whether all of Kafka's events are stored: %s", error)

    def _register(self) -> None:
        for contract in (*contracts().values(), *outward_contracts().values()):
            self.registry.register(contract)

    async def _serve(self) -> web.AppRunner:
        application = make_board(
            self.board,
            self.clock,
            self.readiness,
            self.metrics.registry,
            actions=self.actions,
            login=self.login,
            alert_actions=self.alert_actions,
        )
        server = web.AppRunner(application, access_log=None, shutdown_timeout=2.0)
        await server.setup()
        http = self.settings.http
        try:
            await web.TCPSite(server, http.host, http.port).start()
        except OSError as error:
            await server.cleanup()
            raise BewithuError(
                f"cannot serve the board at {http.host}:{http.port}: {error.strerror}; "
                "set BEWITHU_HTTP__PORT to a free port (0 takes any)"
            ) from error
        (host, port) = server.addresses[0][:2]
        self.address = f"http://{host}:{port}/"
        log.info("the board is at %s", self.address)
        return server


async def first_to_end(*parts: Coroutine[Any, Any, Any]) -> None:
    """Runs all parts until one ends, then cancels the others. Raises what the one that ended raised."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
