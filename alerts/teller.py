"""The step that the leader takes at every interval: evaluate, write down, tell.

Everything is written down before it is acted on, and read back from there: a crash between any two lines, or
a change of leader, loses no transition and no mail (docs/decisions/0006-one-mail-per-transition.md).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from alerts.acknowledging import look_up
from alerts.addressing import addressed, addressed_week
from alerts.dispatch import Dispatch
from alerts.evaluate import Alert, State, latest
from alerts.evaluation import Evaluation
from alerts.given import Definitions, Sources
from alerts.holding import Held, holding, in_force
from alerts.mail import domain_of
from alerts.outbox import Due, due, open_notices
from alerts.trail import ids_of
from alerts.week import Week, week_due
from bewithu.clock import Clock, SystemClock
from bewithu.errors import Unavailable
from schemas.alerting import Transition

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StepReport:
    """What one step did. `waiting`: mails that have not left after it. `trouble`: why it ended early, if it did.

    `unanswered`: mails that went out without an answer. `evaluation_seconds`, `mail_seconds`: how long the rules took,
    and telling people of what came of it; None where that was not done.
    """

    transitions: tuple[Transition, ...] = ()
    sent: int = 0
    put_off: int = 0
    given_up: int = 0
    waiting: int = 0
    trouble: str = ""
    unanswered: int = 0
    evaluation_seconds: float | None = None
    mail_seconds: float | None = None


class Teller:
    """Evaluates every rule in every area of its level, and mails what came of it. For the leader alone."""

    def __init__(
        self,
        sources: Sources,
        definitions: Definitions,
        real_clock: Clock | None = None,
        leads: Callable[[], bool] = lambda: True,
    ) -> None:
        """`leads`: asked before each mail; once it says no, the rest is left to the process that leads now."""
        self._leads = leads
        self._alerts = sources.alert_log
        self._mails = sources.mail_log
        self._silences = sources.silences
        self._acknowledgements = sources.acknowledgements
        self._written = definitions
        self._rules = {rule.id: rule for rule in definitions.rules}
        self._evaluation = Evaluation(
            self._rules, definitions.indicators, sources.readings, sources.alert_log
        )
        self._real: Clock = real_clock or SystemClock()
        self._dispatch = Dispatch(sources, definitions, self._real)
        # Noted, by this process or another.
        self._addressed_week: Week | None = None
        # Held back by the last step, so that it is logged once.
        self._held_before: frozenset[str] = frozenset()

    async def step(self, now: datetime) -> StepReport:
        """`now` is the rules' time, which a replay may drive; waiting for the mail server is in real time.

        Raises nothing while the store or the mail server is away: the next step does what this one could not.
        """
        transitions: tuple[Transition, ...] = ()
        began, evaluated = monotonic(), None
        try:
            transitions = await asyncio.to_thread(self._evaluation.step, now)
            evaluated = monotonic() - began
            decisions = await asyncio.to_thread(self._address, now)
            outcomes = await self._dispatch.hand_over(decisions, self._leads)
        except Unavailable as error:
            log.warning("alerts wait: %s", error)
            return StepReport(transitions, trouble=str(error), evaluation_seconds=evaluated)
        return StepReport(
            transitions,
            sent=outcomes.count("sent"),
            put_off=outcomes.count("retry"),
            given_up=outcomes.count("given_up"),
            waiting=len(decisions) - outcomes.count("sent") - outcomes.count("given_up"),
            unanswered=outcomes.count("sending"),
            evaluation_seconds=evaluated,
            mail_seconds=monotonic() - began - evaluated,
        )

    def _address(self, now: datetime) -> tuple[Due, ...]:
        """Decides who hears of what is new, then what to do with every mail that has not left."""
        self._dispatch.note_outcomes()
        domain, book = domain_of(self._written.sender), self._written.book
        fresh = sorted(self._alerts.unaddressed(), key=lambda each: (each.rule, each.area, each.number))
        firings = self._alerts.firings([each.id for each in fresh if each.kind != "firing"])
        heard = dict(self._mails.recipients(sorted(firings.values())))
        held = self._held(fresh)
        for each in fresh:
            if each.kind == "firing" and each.id in held and held[each.id].still_fires:
                continue
            told_before = heard.get(firings.get(each.id, ""), frozenset())
            rule = self._rules.get(each.rule)
            why = held[each.id].reason if each.id in held else None
            notes = addressed(each, rule, book, told_before, domain, self._real.now(), why)
            self._mails.note(notes)
            heard[each.id] = frozenset(note.coordinator for note in notes[1:])
            # Behind a colon stands why nobody is told, in words of whoever silenced it.
            whom = notes[0].detail.partition(":")[0]
            log.info("alert: %s is told to %s", each.kind, whom, extra=ids_of(each))
        self._address_week(now, domain)
        unfinished = self._mails.unfinished()
        about = self._alerts.transitions(sorted({note.transition for note in unfinished}))
        return due(open_notices(about, unfinished), book, self._rules, self._real.now(), domain)

    def _address_week(self, now: datetime, domain: str) -> None:
        week = week_due(self._written.book.weekly, now)
        if week is None or week == self._addressed_week:
            return
        if not self._mails.notes_about(week.id):
            notes = addressed_week(week, self._written.book, domain, self._real.now())
            self._mails.note(notes)
            log.info("the overview of %s is told to %s", week.id, notes[0].detail)
        self._addressed_week = week

    def _looked_after(self, fresh: Sequence[Transition], states: Mapping[Alert, State]) -> Mapping[str, Held]:
        """Whoever acknowledged an alert knows that it goes on."""
        reminders = [each for each in fresh if each.kind == "reminded"]
        known = look_up(states, self._acknowledgements) if reminders else {}
        return {
            each.id: Held(f"acknowledged by {known[each.rule, each.area].author}", still_fires=False)
            for each in reminders
            if (each.rule, each.area) in known
        }

    def _held(self, fresh: Sequence[Transition]) -> Mapping[str, Held]:
        """Of those that call to act the ones that nobody is to be told of now, by id."""
        if not fresh:
            return {}
        now, states = self._real.now(), latest(self._alerts.states())
        silences = in_force(self._silences.written(now))
        held = {
            **holding(fresh, self._rules, silences, states, now),
            **self._looked_after(fresh, states),
        }
        for each in fresh:
            if each.id in held and each.id not in self._held_before:
                log.info("alert is held back, see bewithu alerts list", extra=ids_of(each))
        self._held_before = frozenset(held)
        return held
