"""What is to be mailed now, decided from the log of what was told to whom. Pure.

Each (transition, coordinator) goes through

    queued ──> sending ──> sent
                  ├──────> retry (again later, backing off) ──> sending …
                  └──────> given_up

Why a mail that is `sending` without an outcome goes out once more is told in
docs/decisions/0006-one-mail-per-transition.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from alerts.address_book import AddressBook, Coordinator, told
from alerts.evaluate import to_millisecond
from alerts.rules import Rule
from schemas.alerting import MailNote, Transition

LONGEST_WAIT: Final = timedelta(minutes=5)
#: Longer than a weekend: a mail server that broke down on Friday evening is repaired on Monday.
GIVE_UP_AFTER: Final = timedelta(hours=72)
#: Longer than the sender waits for a mail server, so a mail that is still on its way is not taken for lost.
SENDING_TAKES: Final = timedelta(minutes=2)
#: The first sending, and one more after a crash that left its outcome unknown.
UNKNOWN_OUTCOMES_ALLOWED: Final = 1


@dataclass(frozen=True, slots=True)
class OpenMail:
    """A mail that is neither sent nor given up: its transition and all its notes, oldest first."""

    transition: Transition
    notes: tuple[MailNote, ...]

    @property
    def message_id(self) -> str:
        return self.notes[0].message_id

    @property
    def address(self) -> str:
        return self.notes[0].coordinator

    @property
    def queued_at(self) -> datetime:
        return self.notes[0].at

    @property
    def retries(self) -> int:
        return sum(note.outcome == "retry" for note in self.notes)

    @property
    def unknown_outcomes(self) -> int:
        """How often it was `sending` and no outcome was noted: a crash before or after the server took it."""
        after = [*(note.outcome for note in self.notes[1:]), "sending"]
        return sum(
            note.outcome == "sending" and then == "sending"
            for note, then in zip(self.notes, after, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Due:
    """What to do with an open mail now, and why. `coordinator` is None when it has left the address book."""

    mail: OpenMail
    action: Literal["send", "wait", "give_up"]
    coordinator: Coordinator | None
    reason: str


def addressed(
    transition: Transition,
    rule: Rule | None,
    book: AddressBook,
    heard_of_it: frozenset[str],
    domain: str,
    real_now: datetime,
    held: str | None = None,
) -> tuple[MailNote, ...]:
    """The notes that say who hears of a transition: one `addressed`, and one `queued` for each mail.

    `heard_of_it`: who was told that this alert fires; only they are told that it is over. `held`: why it was held back
    until it was over, so that nobody hears of it.
    """
    at = to_millisecond(real_now)
    if held is not None:
        return (MailNote("", transition.id, "", "addressed", at, f"nobody: {held}, until it was over"),)
    if rule is None:
        detail = f"nobody: rule {transition.rule} is no longer defined"
        return (MailNote("", transition.id, "", "addressed", at, detail),)
    severity = rule.told_in(transition.area).severity
    answers = told(transition, severity, book)
    queued = [
        MailNote(
            message_id=message_id(transition, answer.coordinator.email, domain),
            transition=transition.id,
            coordinator=answer.coordinator.email,
            outcome="queued",
            at=at,
            detail=answer.reason,
        )
        for answer in answers
        if answer.told and (transition.kind == "firing" or answer.coordinator.email in heard_of_it)
    ]
    detail = f"{len(queued)} of {len(answers)} coordinators"
    return (MailNote("", transition.id, "", "addressed", at, detail), *queued)


def message_id(transition: Transition, email: str, domain: str) -> str:
    """The same for every sending of one mail, so a reader's mail program can drop the second one.

    `since` is part of it: a database that was wiped numbers its transitions from 1 again, and a mail server
    that remembers the old ones would drop the new alarm.
    """
    words = f"{transition.id}\n{transition.since.isoformat()}\n{email}"
    return f"<{hashlib.sha256(words.encode()).hexdigest()[:32]}@{domain}>"


def open_mails(transitions: Iterable[Transition], notes: Iterable[MailNote]) -> tuple[OpenMail, ...]:
    """Groups the notes by mail. Left out: mails that are finished, or whose transition is not at hand."""
    by_id = {transition.id: transition for transition in transitions}
    grouped: dict[tuple[str, str], list[MailNote]] = {}
    for note in notes:
        if note.outcome != "addressed":
            grouped.setdefault((note.transition, note.coordinator), []).append(note)
    return tuple(
        OpenMail(by_id[transition], tuple(found))
        for (transition, _), found in grouped.items()
        if transition in by_id and not any(note.outcome in ("sent", "given_up") for note in found)
    )


def due(
    mails: Sequence[OpenMail], book: AddressBook, rules: Mapping[str, Rule], real_now: datetime
) -> tuple[Due, ...]:
    """What to do with every open mail, in the order of their queueing.

    Of one alert and coordinator only the earliest is considered, so `resolved` never overtakes `firing`.
    """
    decisions: list[Due] = []
    ahead: set[tuple[str, str, str]] = set()
    for mail in sorted(mails, key=_turn):
        thread = (mail.transition.rule, mail.transition.area, mail.address)
        coordinator = book.find(mail.address)
        if thread in ahead:
            decisions.append(Due(mail, "wait", coordinator, "an earlier mail of this alert has not left yet"))
            continue
        decision = _decide(mail, coordinator, rules.get(mail.transition.rule), real_now)
        decisions.append(decision)
        if decision.action != "give_up":
            ahead.add(thread)
    return tuple(decisions)


def _turn(mail: OpenMail) -> tuple[datetime, str, str, int, str]:
    about = mail.transition
    return mail.queued_at, about.rule, about.area, about.number, mail.address


def _decide(mail: OpenMail, coordinator: Coordinator | None, rule: Rule | None, real_now: datetime) -> Due:
    last = mail.notes[-1]
    if coordinator is None:
        return Due(mail, "give_up", None, "the address is no longer in the address book")
    if rule is None:
        return Due(mail, "give_up", coordinator, f"rule {mail.transition.rule} is no longer defined")
    if last.outcome == "sending" and real_now < last.at + SENDING_TAKES:
        return Due(mail, "wait", coordinator, "it is being handed to the mail server")
    unknown = mail.unknown_outcomes
    if unknown > UNKNOWN_OUTCOMES_ALLOWED:
        return Due(mail, "give_up", coordinator, f"{unknown} sendings ended without an answer on record")
    if last.outcome == "retry" and real_now - mail.queued_at >= GIVE_UP_AFTER:
        hours = GIVE_UP_AFTER / timedelta(hours=1)
        return Due(mail, "give_up", coordinator, f"not taken for {hours:g} hours, last: {last.detail}")
    if last.outcome == "queued" and (until := _quiet_until(mail, coordinator, rule, real_now)):
        return Due(mail, "wait", coordinator, f"quiet hours until {until:%H:%M}")
    pause = backoff(mail.retries)
    if last.outcome == "retry" and real_now < last.at + pause:
        return Due(mail, "wait", coordinator, f"tried {mail.retries} times; next {pause} after the last")
    return Due(mail, "send", coordinator, _why_send(mail, unknown))


def _quiet_until(mail: OpenMail, coordinator: Coordinator, rule: Rule, real_now: datetime) -> datetime | None:
    """What is critical does not wait for the morning, nor that it is over."""
    severity = rule.told_in(mail.transition.area).severity
    if coordinator.quiet_hours is None or severity == "critical":
        return None
    return coordinator.quiet_hours.end_of(real_now)


def _why_send(mail: OpenMail, unknown: int) -> str:
    if unknown:
        return "the last sending ended without an answer on record"
    tries = mail.retries
    return f"attempt {tries + 1}" if tries else "queued"


def backoff(retries: int) -> timedelta:
    """1 s after the first failure, then 2 s, 4 s, … up to five minutes."""
    return min(timedelta(seconds=2 ** max(0, min(retries, 30) - 1)), LONGEST_WAIT)
