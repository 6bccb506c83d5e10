"""Who hears of a transition, written down before anything is sent. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from alerts.address_book import AddressBook, hooked, told
from alerts.evaluate import to_millisecond
from alerts.rules import Rule
from alerts.week import Week
from schemas.alerting import MailNote, Transition


def addressed(
    transition: Transition,
    rule: Rule | None,
    book: AddressBook,
    heard_of_it: frozenset[str],
    domain: str,
    real_now: datetime,
    held: str | None = None,
) -> tuple[MailNote, ...]:
    """The notes that say who hears of a transition: one `addressed`, and one `queued` for each reader.

    `heard_of_it`: who was told that this alert fires; only they are told what comes of it. `held`: why nobody is to
    hear of it: an alert that was held back until it was over, or a reminder.
    """
    at = to_millisecond(real_now)
    if held is not None:
        why = f"nobody: {held}" + (", until it was over" if transition.kind == "firing" else "")
        return (MailNote("", transition.id, "", "addressed", at, why),)
    if rule is None:
        detail = f"nobody: rule {transition.rule} is no longer defined"
        return (MailNote("", transition.id, "", "addressed", at, detail),)
    mails = told(transition, rule, book)
    hooks = hooked(transition, rule.told_in(transition.area).severity, book)
    readers = [(each.coordinator.email, each.reason) for each in mails if each.told]
    readers += [(each.webhook.address, each.reason) for each in hooks if each.told]
    queued = [
        MailNote(message_id([transition], address, domain), transition.id, address, "queued", at, reason)
        for address, reason in readers
        if transition.kind == "firing" or address in heard_of_it
    ]
    whom = f"{len(queued)} of {len(mails)} coordinators" + (f" and {len(hooks)} webhooks" if hooks else "")
    return (MailNote("", transition.id, "", "addressed", at, whom), *queued)


def addressed_week(week: Week, book: AddressBook, domain: str, real_now: datetime) -> tuple[MailNote, ...]:
    """As `addressed`, of the overview of a week."""
    at = to_millisecond(real_now)
    readers = [each.email for each in book.coordinators if each.weekly]
    queued = [
        MailNote(message_id([week], email, domain), week.id, email, "queued", at, "every week")
        for email in readers
    ]
    whom = f"{len(readers)} of {len(book.coordinators)} coordinators"
    return (MailNote("", week.id, "", "addressed", at, whom), *queued)


def message_id(about: Sequence[Transition | Week], email: str, domain: str) -> str:
    """The same for every sending of a mail about these, so a reader's mail program can drop the second one.

    `since` is part of it: a database that was wiped numbers its transitions from 1 again, and a mail server
    that remembers the old ones would drop the new alarm.
    """
    named = [f"{each.id}\n{each.since.isoformat()}" for each in sorted(about, key=lambda each: each.id)]
    words = "\n".join([*named, email])
    return f"<{hashlib.sha256(words.encode()).hexdigest()[:32]}@{domain}>"
