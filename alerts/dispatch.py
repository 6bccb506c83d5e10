"""Hands over what is due: writes each mail or payload, notes that it is on its way, and notes what came of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import cache
from typing import Any, Final

from jinja2 import TemplateError

from alerts.address_book import Coordinator
from alerts.evaluate import to_millisecond
from alerts.given import Definitions, Sources
from alerts.letter import Letter
from alerts.links import actions_for
from alerts.mail import compose, compose_overview
from alerts.outbox import Due
from alerts.overview import Overview, is_of
from alerts.picture import DAYS
from alerts.send import Delivery
from alerts.trail import ids_of_mail
from alerts.webhook import payload
from alerts.week import Week
from bewithu.clock import Clock
from schemas.alerting import FIRING, MailNote, Outcome, Reading, Transition

log = logging.getLogger(__name__)

#: A step must not hold up the next evaluation while many mails leave; the rest follow in the next step.
MAILS_PER_STEP: Final = 20

#: `Readings.last_heard`, which may remember what it gave.
Heard = Callable[[tuple[str, ...]], Mapping[str, datetime]]


class Dispatch:
    """Nothing leaves before the store has the outcome of what left before."""

    def __init__(self, sources: Sources, definitions: Definitions, real_clock: Clock) -> None:
        self._readings = sources.readings
        self._alerts = sources.alert_log
        self._mails = sources.mail_log
        self._post = sources.post
        self._hooks = sources.hooks
        self._written = definitions
        self._rules = {rule.id: rule for rule in definitions.rules}
        self._real = real_clock
        # Outcomes that the store did not take.
        self._unnoted: list[MailNote] = []

    async def hand_over(self, decisions: Sequence[Due], leads: Callable[[], bool]) -> list[Outcome]:
        """What came of those that are sent or given up now. Raises `Unavailable` while the store is away.

        Once `leads` says no the rest is left to the process that leads now, which decides anew what has not left.
        """
        hopeless = [decision for decision in decisions if decision.action == "give_up"]
        for decision in hopeless:
            log.warning("mail given up: %s", decision.reason, extra=ids_of_mail(decision))
        await self._remember(
            [note for each in hopeless for note in self._outcomes(each, "given_up", each.reason)]
        )
        to_send = [decision for decision in decisions if decision.action == "send"]
        # Mails first: a webhook that does not answer takes its time.
        waiting = sorted(to_send, key=lambda each: each.webhook is not None)
        outcomes: list[Outcome] = ["given_up"] * len(hopeless)
        for _ in range(MAILS_PER_STEP):
            if not waiting or not leads():
                break
            decision = waiting.pop(0)
            delivery = await self._send_one(decision)
            outcomes.append(delivery.outcome)
            if delivery.server_away:
                put_off = [each for each in waiting if each.server == decision.server]
                waiting = [each for each in waiting if each.server != decision.server]
                await self._remember(
                    [note for each in put_off for note in self._outcomes(each, "retry", delivery.detail)]
                )
                outcomes += ["retry"] * len(put_off)
        return outcomes

    def note_outcomes(self) -> None:
        """What the store did not take the last time. Raises `Unavailable`."""
        if self._unnoted:
            self._mails.note(tuple(self._unnoted))
            self._unnoted.clear()

    async def _send_one(self, decision: Due) -> Delivery:
        try:
            written = await asyncio.to_thread(self._write, decision)
        except (TemplateError, LookupError, ValueError) as error:
            # One mail that cannot be written must not keep the others from leaving; an upgrade may mend it.
            log.exception("mail cannot be written", extra=ids_of_mail(decision))
            delivery = Delivery("retry", f"cannot be written: {type(error).__name__}: {error}")
        else:
            await asyncio.to_thread(self._mails.note, self._outcomes(decision, "sending", decision.reason))
            delivery = await self._deliver(written, decision)
        level = logging.INFO if delivery.outcome == "sent" else logging.WARNING
        log.log(level, "mail: %s, %s", delivery.outcome, delivery.detail, extra=ids_of_mail(decision))
        # What went out without an answer stays noted as on its way: it is sent once more, and no third time.
        if delivery.outcome != "sending":
            await self._remember(self._outcomes(decision, delivery.outcome, delivery.detail))
        return delivery

    async def _deliver(self, written: EmailMessage | dict[str, Any], decision: Due) -> Delivery:
        if isinstance(written, EmailMessage):
            return await self._post.send(written, decision.address)
        assert decision.webhook is not None
        return await self._hooks.send(written, decision.webhook)

    def _write(self, decision: Due) -> EmailMessage | dict[str, Any]:
        first = decision.notices[0].about
        if isinstance(first, Week):
            return self._write_overview(decision, first)
        about = [notice.transition for notice in decision.notices]
        if decision.webhook is not None:
            (step,) = about
            text = self._written.indicators[step.indicator]
            return payload(step, self._rules[step.rule], text, decision.webhook.name, self._written.board)
        assert decision.coordinator is not None
        # A mail about several shows no history, and reading one takes a while.
        days = DAYS if len(about) == 1 else 0
        heard = cache(self._readings.last_heard)
        letters = [
            self._letter(each, decision.coordinator, heard, days, decision.queued_at) for each in about
        ]
        return compose(letters, decision.message_id, self._written.sender, decision.queued_at)

    def _write_overview(self, decision: Due, week: Week) -> EmailMessage:
        assert decision.coordinator is not None
        reader, texts = decision.coordinator, self._written.indicators
        publishers = {each.code: each for text in texts.values() for each in text.publishers}
        # What an alert did since the week ended, as the mail leaves hours later, is of the next week.
        last = [step for step in self._alerts.states_before(week.ends) if step.kind in FIRING]
        found = Overview(
            week=week,
            coordinator=reader,
            told=self._theirs(reader, self._alerts.told_since(week.begins), week),
            going_on=self._theirs(reader, last, week),
            indicators=texts,
            publishers=[publishers[code] for code in sorted(publishers)],
            last_heard=self._readings.last_heard(sorted(publishers)),
            board=self._written.board.rstrip("/"),
            contact=self._written.book.contact,
        )
        return compose_overview(found, decision.message_id, self._written.sender, decision.queued_at)

    def _theirs(self, reader: Coordinator, steps: Sequence[Transition], week: Week) -> list[Transition]:
        """Of those up to the end of the week the ones that the reader hears of."""
        return [
            step
            for step in steps
            if step.at < week.ends
            and step.rule in self._rules
            and step.indicator in self._written.indicators
            and is_of(reader, step, self._rules[step.rule].told_in(step.area).severity)
        ]

    def _letter(
        self, transition: Transition, reader: Coordinator, heard: Heard, days: int, queued_at: datetime
    ) -> Letter:
        written = self._written
        indicator = written.indicators[transition.indicator]
        return Letter(
            transition=transition,
            rule=self._rules[transition.rule].told_in(transition.area),
            coordinator=reader,
            indicator=indicator,
            history=self._history(transition, days) if days else (),
            last_heard=heard(tuple(publisher.code for publisher in indicator.publishers)),
            board=written.board.rstrip("/"),
            contact=written.book.contact,
            # By when it was queued: a mail that is sent again is the same mail.
            actions=actions_for(
                transition, reader.email, reader.language, written.link_key, written.board, queued_at
            ),
        )

    def _history(self, about: Transition, days: int) -> Sequence[Reading]:
        found = self._readings.history(about.indicator, about.area, about.day, days)
        if found or about.value != 0:
            return found
        # All was taken back, which is not told apart from few that are left.
        return [
            Reading(about.indicator, about.area, about.day - timedelta(days=before), about.value)
            for before in reversed(range(days))
        ]

    def _outcomes(self, decision: Due, outcome: Outcome, detail: str) -> list[MailNote]:
        """One for each notice of the mail: noted together, they stay together."""
        at = to_millisecond(self._real.now())
        return [
            MailNote(decision.message_id, notice.about.id, decision.address, outcome, at, detail)
            for notice in decision.notices
        ]

    async def _remember(self, notes: Sequence[MailNote]) -> None:
        """Raises `Unavailable`, and keeps what the store did not take for the next step."""
        self._unnoted += notes
        await asyncio.to_thread(self.note_outcomes)
