"""What the leader does after new data: refresh the indicators, evaluate rules and mail, publish alerts."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime
from time import monotonic
from typing import Any

from alerts.announce import Announced
from alerts.teller import StepReport
from bewithu.clock import Clock
from bewithu.correlation import bound, ids
from bewithu.errors import LeadLost
from bewithu.fitting.leader_ports import Audit, CatchesUp, Forget, NoteFeeds, Refresh, Unwatched, Watch
from schemas.national_number import mask
from sinks.clickhouse.indicator_store import Refreshed

log = logging.getLogger("bewithu.leader")
trail = logging.getLogger("bewithu.trail")
#: Ids of batches in one line: collectors of logs cut longer ones.
_BATCHES_A_LINE = 200
#: Feeds are written down no oftener, and after a rest of so many times what it took: a hundredth of the leader's time.
_FEEDS_SECONDS, _FEEDS_REST = 30.0, 100.0


class Leader:
    """Takes steps, one at a time. `LeadLost` leaves a step that is not to go on, as another process leads."""

    def __init__(
        self,
        refresh: Refresh,
        tell: Callable[[datetime], Awaitable[StepReport]],
        clock: Clock,
        evaluate_every: float = 0.0,
        audit: Audit | None = None,
        audit_every: float = 0.0,
        forget: Forget | None = None,
        forget_every: float = 0.0,
        announce: Callable[[], Awaitable[Announced]] | None = None,
        note_feeds: NoteFeeds | None = None,
        finished: Callable[[], int] = lambda: 0,
        catching_up: CatchesUp | None = None,
    ) -> None:
        """`evaluate_every`: seconds between two evaluations of the rules while values change all the time.

        `audit_every`: seconds between two audits, which come after an evaluation; 0 for none. `forget_every`: seconds
        after which what has become too old is forgotten again, from the first evaluation on. `announce`: publishes
        alerts for other systems, after each evaluation. `note_feeds`: writes down how agencies' feeds do. `finished`:
        the last refresh that did, for logs. `catching_up`: until it is done, no rule is judged.
        """
        self._refresh = refresh
        self._tell = tell
        self._clock = clock
        self._evaluate_every = evaluate_every
        self._evaluated = float("-inf")
        self._audit = audit if audit_every else None
        self._audit_every = audit_every
        self._audited = monotonic()
        self._forget = forget
        self._forget_every = forget_every
        self._forget_next = float("-inf")
        self._announce = announce
        self._note_feeds = note_feeds
        self._feeds_next = float("-inf")
        self._feeds: asyncio.Future[None] | None = None
        self._finished = finished
        self._catching_up = catching_up
        self.audits = 0
        self.forgotten = 0
        self.differences = 0
        self.refreshes = 0
        self.refreshes_failed = 0
        self.changed_values = 0
        self.evaluations = 0
        self.evaluations_failed = 0
        self.mails = Counter[str]()
        #: After the last step; None where none was taken since this process leads, or it could not say.
        self.mails_waiting: int | None = None
        #: By kind.
        self.transitions = Counter[str]()
        self.alert_events = 0
        self.trouble = ""
        # Two refreshes at once would both append the same difference; two tellers would send a mail twice.
        self._one_at_a_time = asyncio.Lock()
        self._under_way: asyncio.Future[Any] | None = None
        self.watch: Watch = Unwatched()
        #: Called after every step with the moment that it was taken for.
        self.on_step: Callable[[datetime], None] = lambda now: None
        #: Called in the refresh's thread, when values can be read, before the refresh is noted.
        self.on_values: Callable[[], object] = lambda: None
        #: Asked before every write of a refresh, in its thread: once False, the step is broken off.
        self.leads: Callable[[], bool] = lambda: True

    async def step(self) -> None:
        """Safe to repeat and to break off anywhere: every part of it derives from what is stored."""
        await self._step(tell=True)

    async def keep_up(self) -> None:
        """A step that leaves the rules for a later one if they were evaluated just now: values wait for no mail."""
        await self._step(tell=monotonic() - self._evaluated >= self._evaluate_every)

    def stood_back(self) -> None:
        """Another process leads: what this one knew of what waits is no longer so."""
        self.mails_waiting = None
        if self._catching_up:
            self._catching_up.begin_anew()

    async def idle(self, seconds: float) -> bool:
        """Waits until no step is under way, also one whose caller was cancelled; False when that takes longer."""
        if self._under_way is not None:
            await asyncio.wait([self._under_way], timeout=seconds)
        return self._under_way is None or self._under_way.done()

    async def _step(self, tell: bool) -> None:
        async with self._one_at_a_time:
            # A thread cannot be cancelled: whoever is waits no longer, and the step goes on to where it may end.
            self._under_way = asyncio.ensure_future(self._whole_step(tell))
            await asyncio.shield(self._under_way)

    async def _whole_step(self, tell: bool) -> None:
        try:
            # Asked before the refresh, which then has all that it was asked for.
            is_current = self._catching_up is None or self._catching_up.is_done()
            now = await self._bring_up_to_date()
            if tell and self.leads():
                if is_current:
                    await self._evaluate(now)
                    await self._announce_alerts()
                await self._audit_if_due(now)
                await self._forget_if_due(now)
                self._note_feeds_if_due(now)
        except LeadLost:
            raise  # no trouble: another process goes on
        except Exception as error:
            self.trouble = str(error)
            raise

    async def _bring_up_to_date(self) -> datetime:
        """Refreshes until nothing is left; returns the moment up to which values are complete."""
        while True:
            now = self._clock.now()
            readable: list[datetime] = []
            done = await self._refreshed(now, readable)
            if done is None:
                return now
            self.refreshes += 1
            self.changed_values += done.changed_values
            self.watch.took("refresh", done.seconds)
            for each in done.kafka_times if readable else ():
                self.watch.readable_after(readable[0].timestamp() - each / 1000)
            _leave_trail(done)
            if not done.more:
                return now

    async def _refreshed(self, now: datetime, readable: list[datetime]) -> Refreshed | None:
        """Puts into `readable` when the new values could be read."""

        def on_values() -> None:
            readable.append(self._clock.now())
            self.on_values()

        try:
            return await asyncio.to_thread(self._refresh, now, on_values, self.leads)
        except LeadLost:
            raise
        except Exception:
            self.refreshes_failed += 1
            raise

    async def _audit_if_due(self, now: datetime) -> None:
        if self._audit is None or monotonic() - self._audited < self._audit_every:
            return
        began = monotonic()
        found = await asyncio.to_thread(self._audit, now, self.leads)
        self._audited = monotonic()
        if found:
            self.watch.took("audit", self._audited - began)
            self.audits += 1
            self.differences += found.steps_wrong + found.days_wrong

    async def _forget_if_due(self, now: datetime) -> None:
        """Again with the next step where other work came first, or something is left."""
        if self._forget is None or monotonic() < self._forget_next:
            return
        began = monotonic()
        found = await asyncio.to_thread(self._forget, now, self.leads)
        if found:
            self.watch.took("forget", monotonic() - began)
            self.forgotten += sum(found.events.values())
            if not found.more:
                self._forget_next = monotonic() + self._forget_every

    def _note_feeds_if_due(self, now: datetime) -> None:
        """Beside the steps, which do not wait for it: it reads every fact's key, and rests the longer for it."""
        is_under_way = self._feeds is not None and not self._feeds.done()
        if self._note_feeds is not None and not is_under_way and monotonic() >= self._feeds_next:
            self._feeds = asyncio.ensure_future(self._feeds_noted(self._note_feeds, now))

    async def _feeds_noted(self, note_feeds: NoteFeeds, now: datetime) -> None:
        begun, rest = monotonic(), _FEEDS_SECONDS
        try:
            await asyncio.to_thread(note_feeds, now, self.leads)
            rest = max(rest, _FEEDS_REST * (monotonic() - begun))
        except Exception as error:
            # Dashboards have older numbers; whatever else needs the store says what it lacks.
            log.warning("how feeds do was not written down: %s", mask(f"{type(error).__name__}: {error}"))
        self._feeds_next = monotonic() + rest

    async def _evaluate(self, now: datetime) -> None:
        try:
            with bound({"refresh": self._finished()}):
                report = await self._tell(now)
        except Exception:
            self.evaluations_failed += 1
            raise
        self._evaluated = monotonic()
        self._count(report)
        self.trouble = report.trouble
        self.on_step(now)

    def _count(self, report: StepReport) -> None:
        if report.evaluation_seconds is None:
            self.evaluations_failed += 1
        else:
            self.evaluations += 1
            self.watch.took("evaluate", report.evaluation_seconds)
        if report.mail_seconds is not None:
            self.watch.took("mail", report.mail_seconds)
        self.mails.update(
            sent=report.sent,
            put_off=report.put_off,
            unanswered=report.unanswered,
            given_up=report.given_up,
        )
        self.mails_waiting = None if report.trouble else report.waiting
        self.transitions.update(each.kind for each in report.transitions)

    async def _announce_alerts(self) -> None:
        """After the mails, which wait for nobody."""
        if self._announce is not None:
            began = monotonic()
            done = await self._announce()
            if not done.trouble:
                self.watch.took("announce", monotonic() - began)
            self.alert_events += done.published
            self.trouble = self.trouble or done.trouble


def _leave_trail(done: Refreshed) -> None:
    """Which batches a refresh took in."""
    for begin in range(0, max(1, len(done.taken)), _BATCHES_A_LINE):
        some = list(done.taken[begin : begin + _BATCHES_A_LINE])
        trail.info("refreshed", extra=ids({"refresh": done.number, "batches": some}))
