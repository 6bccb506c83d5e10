"""The step that the leader takes at every interval: evaluate, write down, tell.

Everything is written down before it is acted on, and read back from there: a crash between any two lines, or
a change of leader, loses no transition and no mail (docs/decisions/0006-one-mail-per-transition.md).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from email.message import EmailMessage
from functools import cache
from typing import Final, Protocol

from jinja2 import TemplateError
from pydantic import SecretStr

from alerts.address_book import AddressBook
from alerts.evaluate import Alert, Decision, State, evaluate, latest, to_millisecond
from alerts.holding import Held, holding, in_force
from alerts.judging import Series, findings, is_provisional, judged_day
from alerts.letter import Letter
from alerts.links import actions_for
from alerts.mail import compose, domain_of
from alerts.outbox import Due, OpenMail, addressed, due, open_mails
from alerts.ports import AlertLog, IndicatorText, MailLog, Readings, Silences
from alerts.rules import Rule
from alerts.send import Delivery
from bewithu.clock import Clock, SystemClock
from bewithu.errors import Unavailable
from schemas.alerting import MailNote, Outcome, Transition
from schemas.areas import covering

log = logging.getLogger(__name__)

#: A step must not hold up the next evaluation while many mails leave; the rest follow in the next step.
MAILS_PER_STEP: Final = 20
DAYS_OF_HISTORY: Final = 14


#: `Readings.series`, which may remember what it gave.
Read = Callable[[str, tuple[str, ...], date, int], Series]


class Post(Protocol):
    """What `alerts.send.Sender` does."""

    async def send(self, message: EmailMessage, recipient: str) -> Delivery: ...


@dataclass(frozen=True, slots=True)
class StepReport:
    """What one step did. `trouble`: why it ended early, if it did."""

    transitions: tuple[Transition, ...] = ()
    sent: int = 0
    put_off: int = 0
    given_up: int = 0
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Sources:
    """The Protocols that a teller needs, by name."""

    readings: Readings
    alert_log: AlertLog
    mail_log: MailLog
    silences: Silences
    post: Post


@dataclass(frozen=True, slots=True)
class Definitions:
    """What analysts and operators wrote. `board` is the board's address, `sender` is `name <address>`.

    `link_key` signs the links in mails; there are none without it.
    """

    rules: Sequence[Rule]
    book: AddressBook
    indicators: Mapping[str, IndicatorText]
    board: str
    sender: str
    link_key: SecretStr | None = None


class Teller:
    """Evaluates every rule in every area of its level, and mails what came of it. For the leader alone."""

    def __init__(self, sources: Sources, definitions: Definitions, real_clock: Clock | None = None) -> None:
        self._readings = sources.readings
        self._alerts = sources.alert_log
        self._mails = sources.mail_log
        self._silences = sources.silences
        self._post = sources.post
        self._written = definitions
        self._rules = {rule.id: rule for rule in definitions.rules}
        self._real: Clock = real_clock or SystemClock()
        # Outcomes that the store did not take. No mail leaves before it has them.
        self._unnoted: list[MailNote] = []
        # Held back by the last step, so that it is logged once.
        self._held_before: frozenset[str] = frozenset()

    async def step(self, now: datetime) -> StepReport:
        """`now` is the rules' time, which a replay may drive; waiting for the mail server is in real time.

        Raises nothing while the store or the mail server is away: the next step does what this one could not.
        """
        transitions: tuple[Transition, ...] = ()
        try:
            transitions = await asyncio.to_thread(self._evaluate, now)
            decisions = await asyncio.to_thread(self._address)
            return await self._send(transitions, decisions)
        except Unavailable as error:
            log.warning("alerts wait: %s", error)
            return StepReport(transitions, trouble=str(error))

    def _evaluate(self, now: datetime) -> tuple[Transition, ...]:
        states = latest(self._alerts.states())
        read = cache(self._readings.series)
        found = [
            decision.transition
            for rule in self._rules.values()
            for decision in self._decisions(rule, states, read, now)
            if decision.transition is not None
        ]
        if found:
            self._alerts.append(found)
        for each in found:
            log.info("alert %s in %s: %s, %s", each.rule, each.area, each.kind, each.reason)
        return tuple(found)

    def _decisions(
        self, rule: Rule, states: Mapping[Alert, State], read: Read, now: datetime
    ) -> Iterator[Decision]:
        delays = {name: self._written.indicators[name].delay_days for name in rule.indicators}
        day = judged_day(rule, delays, now)
        areas = tuple(area.code for area in covering(rule.level))
        panel = {name: read(name, areas, day, rule.days) for name in sorted(rule.indicators)}
        provisional = is_provisional(day, delays[rule.indicator], now)
        for finding in findings(rule, areas, panel, day, provisional):
            here = rule.told_in(finding.area)
            yield evaluate(here, finding, states.get((rule.id, finding.area)), now)

    def _address(self) -> tuple[Due, ...]:
        """Decides who hears of what is new, then what to do with every mail that has not left."""
        self._note_outcomes()
        domain, book = domain_of(self._written.sender), self._written.book
        fresh = sorted(self._alerts.unaddressed(), key=lambda each: (each.rule, each.area, each.number))
        firings = self._alerts.firings([each.id for each in fresh if each.kind == "resolved"])
        heard = dict(self._mails.recipients(sorted(firings.values())))
        held = self._held(fresh)
        for each in fresh:
            if each.id in held and held[each.id].still_fires:
                continue
            told_before = heard.get(firings.get(each.id, ""), frozenset())
            rule = self._rules.get(each.rule)
            why = held[each.id].reason if each.id in held else None
            notes = addressed(each, rule, book, told_before, domain, self._real.now(), why)
            self._mails.note(notes)
            heard[each.id] = frozenset(note.coordinator for note in notes[1:])
            log.info("alert %s in %s: %s is told to %s", each.rule, each.area, each.kind, notes[0].detail)
        unfinished = self._mails.unfinished()
        about = self._alerts.transitions(sorted({note.transition for note in unfinished}))
        return due(open_mails(about, unfinished), book, self._rules, self._real.now())

    def _held(self, fresh: Sequence[Transition]) -> Mapping[str, Held]:
        """Of those that begin to fire the ones that nobody is to be told of now, by id."""
        if not fresh:
            return {}
        now = self._real.now()
        held = holding(
            fresh, self._rules, in_force(self._silences.written(now)), latest(self._alerts.states()), now
        )
        for each in fresh:
            if each.id in held and each.id not in self._held_before:
                log.info("alert %s in %s is held back: %s", each.rule, each.area, held[each.id].reason)
        self._held_before = frozenset(held)
        return held

    async def _send(self, transitions: tuple[Transition, ...], decisions: Sequence[Due]) -> StepReport:
        hopeless = [decision for decision in decisions if decision.action == "give_up"]
        for decision in hopeless:
            log.warning("mail to %s given up: %s", decision.mail.address, decision.reason)
        await self._remember([self._outcome(each.mail, "given_up", each.reason) for each in hopeless])
        to_send = [decision for decision in decisions if decision.action == "send"]
        outcomes: list[Outcome] = []
        for place, decision in enumerate(to_send[:MAILS_PER_STEP], start=1):
            delivery = await self._send_one(decision)
            outcomes.append(delivery.outcome)
            if delivery.server_away:
                waiting = [self._outcome(each.mail, "retry", delivery.detail) for each in to_send[place:]]
                await self._remember(waiting)
                outcomes += [note.outcome for note in waiting]
                break
        return StepReport(
            transitions,
            sent=outcomes.count("sent"),
            put_off=outcomes.count("retry"),
            given_up=outcomes.count("given_up") + len(hopeless),
        )

    async def _send_one(self, decision: Due) -> Delivery:
        mail = decision.mail
        try:
            message = await asyncio.to_thread(self._compose, decision)
        except (TemplateError, LookupError, ValueError) as error:
            # One mail that cannot be written must not keep the others from leaving; an upgrade may mend it.
            log.exception("mail %s cannot be written", mail.message_id)
            delivery = Delivery("retry", f"cannot be written: {type(error).__name__}: {error}")
        else:
            await asyncio.to_thread(self._mails.note, [self._outcome(mail, "sending", decision.reason)])
            delivery = await self._post.send(message, mail.address)
        if delivery.outcome != "sent":
            log.warning("mail to %s: %s, %s", mail.address, delivery.outcome, delivery.detail)
        await self._remember([self._outcome(mail, delivery.outcome, delivery.detail)])
        return delivery

    def _compose(self, decision: Due) -> EmailMessage:
        assert decision.coordinator is not None
        transition, written = decision.mail.transition, self._written
        indicator = written.indicators[transition.indicator]
        letter = Letter(
            transition=transition,
            rule=self._rules[transition.rule].told_in(transition.area),
            coordinator=decision.coordinator,
            indicator=indicator,
            history=self._readings.history(
                transition.indicator, transition.area, transition.day, DAYS_OF_HISTORY
            ),
            last_heard=self._readings.last_heard([publisher.code for publisher in indicator.publishers]),
            board=written.board.rstrip("/"),
            contact=written.book.contact,
            actions=actions_for(
                transition,
                decision.coordinator.email,
                decision.coordinator.language,
                written.link_key,
                written.board,
                decision.mail.queued_at,
            ),
        )
        return compose(letter, decision.mail.message_id, written.sender, decision.mail.queued_at)

    def _outcome(self, mail: OpenMail, outcome: Outcome, detail: str) -> MailNote:
        at = to_millisecond(self._real.now())
        return MailNote(mail.message_id, mail.transition.id, mail.address, outcome, at, detail)

    async def _remember(self, notes: Sequence[MailNote]) -> None:
        """Raises `Unavailable`, and keeps what the store did not take for the next step."""
        self._unnoted += notes
        await asyncio.to_thread(self._note_outcomes)

    def _note_outcomes(self) -> None:
        if self._unnoted:
            self._mails.note(tuple(self._unnoted))
            self._unnoted.clear()
