"""What is to be mailed now, decided from the log of what was told to whom. Pure.

What a coordinator is to hear of one transition is a notice. Each goes through

    queued ──> sending ──> sent
                  ├──────> retry (again later, backing off) ──> sending …
                  └──────> given_up

Notices of one group go out in one mail. Until it is sent for the first time they find each other by what their route
groups by; from then on by the mail's Message-ID, so that a second sending is the same mail. Why a mail that is
`sending` without an outcome goes out once more is told in docs/decisions/0006-one-mail-per-transition.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from alerts.address_book import AddressBook, Coordinator, Webhook
from alerts.addressing import message_id
from alerts.routing import Way, group_of, way_to, ways
from alerts.rules import Rule
from alerts.week import Week
from schemas.alerting import MailNote, Transition

LONGEST_WAIT: Final = timedelta(minutes=5)
#: Longer than a weekend: a mail server that broke down on Friday evening is repaired on Monday.
GIVE_UP_AFTER: Final = timedelta(hours=72)
#: Longer than the sender waits for a mail server, so a mail that is still on its way is not taken for lost.
SENDING_TAKES: Final = timedelta(minutes=2)
#: The first sending, and one more after a crash that left its outcome unknown.
UNKNOWN_OUTCOMES_ALLOWED: Final = 1

#: What the notices of one mail share; the first part tells whether it was handed over before.
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """What a coordinator is to hear of a transition, neither sent nor given up, with all its notes, oldest first.

    Of a week, it is its overview.
    """

    about: Transition | Week
    notes: tuple[MailNote, ...]

    @property
    def transition(self) -> Transition:
        assert isinstance(self.about, Transition)
        return self.about

    @property
    def address(self) -> str:
        return self.notes[0].coordinator

    @property
    def queued_at(self) -> datetime:
        return self.notes[0].at

    @property
    def thread(self) -> tuple[str, str, str]:
        if isinstance(self.about, Week):
            return self.about.id, "", self.address
        return self.about.rule, self.about.area, self.address

    @property
    def sent_as(self) -> str | None:
        """The Message-ID that it was handed over under; None before the first time."""
        return next((note.message_id for note in reversed(self.notes) if note.outcome == "sending"), None)

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
    """What to do with some notices to one reader now, and why: to send is one mail, under `message_id`.

    To send to a webhook is one post. `coordinator` is None for a webhook, and for who has left the address book.
    """

    notices: tuple[Notice, ...]
    action: Literal["send", "wait", "give_up"]
    coordinator: Coordinator | None
    reason: str
    message_id: str
    webhook: Webhook | None = None

    @property
    def address(self) -> str:
        return self.notices[0].address

    @property
    def server(self) -> str:
        """Which server it is handed to: each webhook is one of its own."""
        return self.address if self.webhook else "mail"

    @property
    def queued_at(self) -> datetime:
        return self.notices[0].queued_at


def open_notices(transitions: Iterable[Transition], notes: Iterable[MailNote]) -> tuple[Notice, ...]:
    """Left out: notices that are finished, or whose transition is not at hand."""
    notes = list(notes)
    weeks = {note.transition: Week.of_id(note.transition) for note in notes}
    by_id: dict[str, Transition | Week] = {name: week for name, week in weeks.items() if week}
    by_id |= {transition.id: transition for transition in transitions}
    grouped: dict[tuple[str, str], list[MailNote]] = {}
    for note in notes:
        if note.outcome != "addressed":
            grouped.setdefault((note.transition, note.coordinator), []).append(note)
    return tuple(
        Notice(by_id[transition], tuple(found))
        for (transition, _), found in grouped.items()
        if transition in by_id and not any(note.outcome in ("sent", "given_up") for note in found)
    )


def due(
    notices: Sequence[Notice], book: AddressBook, rules: Mapping[str, Rule], real_now: datetime, domain: str
) -> tuple[Due, ...]:
    """What to do with every notice, in the order of their queueing.

    Of one alert and coordinator only what goes out with the earliest is considered, so `resolved` never overtakes
    `firing`.
    """
    hopeless: list[Due] = []
    groups: dict[Key, list[Notice]] = defaultdict(list)
    behind: list[Due] = []
    ahead: dict[tuple[str, str, str], Key] = {}
    for notice in sorted(notices, key=_turn):
        if reason := _hopeless(notice, book, rules, real_now):
            hopeless.append(_decided([notice], "give_up", book, reason, domain))
            continue
        key = _key(notice, rules, book)
        if ahead.setdefault(notice.thread, key) == key:
            groups[key].append(notice)
        else:
            reason = "an earlier mail of this alert has not left yet"
            behind.append(_decided([notice], "wait", book, reason, domain))
    decided = [_of_group(found, book, rules, real_now, domain) for found in groups.values()]
    return tuple(sorted([*hopeless, *behind, *decided], key=lambda each: _turn(each.notices[0])))


def _turn(notice: Notice) -> tuple[datetime, str, str, int, str]:
    rule, area, address = notice.thread
    number = 0 if isinstance(notice.about, Week) else notice.about.number
    return notice.queued_at, rule, area, number, address


def _decided(
    notices: Sequence[Notice],
    action: Literal["send", "wait", "give_up"],
    book: AddressBook,
    reason: str,
    domain: str,
) -> Due:
    first = notices[0]
    named = first.sent_as or message_id([each.about for each in notices], first.address, domain)
    hook = book.find_webhook(first.address)
    return Due(tuple(notices), action, book.find(first.address), reason, named, hook)


def _key(notice: Notice, rules: Mapping[str, Rule], book: AddressBook) -> Key:
    """What was put off to the morning comes in one mail, whatever it is.

    A webhook gets each alert on its own, and the overview of a week is a mail of its own.
    """
    coordinator = book.find(notice.address)
    if coordinator is None or isinstance(notice.about, Week):
        return "alone", notice.address, notice.about.id
    if notice.sent_as:
        return "sent before", notice.sent_as
    rule = rules[notice.transition.rule]
    if _quiet_until(notice, coordinator, rule, notice.queued_at):
        return "in the morning", notice.address
    # Backing off together they are tried together.
    tries = str(notice.retries)
    group = group_of(notice.transition, rule, _way(notice, rule, book))
    return "new", notice.address, notice.transition.kind, tries, *group


def _way(notice: Notice, rule: Rule, book: AddressBook) -> Way:
    """A reader whom no route leads to any more was written to by another book: the first way will do."""
    found = ways(notice.transition, rule, book.routing)
    return way_to(notice.address, found) or found[0]


def _hopeless(notice: Notice, book: AddressBook, rules: Mapping[str, Rule], real_now: datetime) -> str | None:
    last = notice.notes[-1]
    if not (book.find(notice.address) or book.find_webhook(notice.address)):
        return "the address is no longer in the address book"
    if isinstance(notice.about, Transition) and notice.about.rule not in rules:
        return f"rule {notice.about.rule} is no longer defined"
    if last.outcome == "sending" and real_now < last.at + SENDING_TAKES:
        return None
    unknown = notice.unknown_outcomes
    if unknown > UNKNOWN_OUTCOMES_ALLOWED:
        return f"{unknown} sendings ended without an answer on record"
    if last.outcome == "retry" and real_now - notice.queued_at >= GIVE_UP_AFTER:
        return f"not taken for {GIVE_UP_AFTER / timedelta(hours=1):g} hours, last: {last.detail}"
    return None


def _of_group(
    notices: Sequence[Notice],
    book: AddressBook,
    rules: Mapping[str, Rule],
    real_now: datetime,
    domain: str,
) -> Due:
    """All of them have the same key."""
    first = notices[0]
    wait = _why_wait(notices, book, rules, real_now)
    if wait:
        return _decided(notices, "wait", book, wait, domain)
    return _decided(notices, "send", book, _why_send(first), domain)


def _why_wait(
    notices: Sequence[Notice], book: AddressBook, rules: Mapping[str, Rule], real_now: datetime
) -> str | None:
    """`notices`: those that go together."""
    first = notices[0]
    last, coordinator = first.notes[-1], book.find(first.address)
    if last.outcome == "sending" and real_now < last.at + SENDING_TAKES:
        return "it is being handed to the mail server"
    pause = backoff(first.retries)
    if last.outcome == "retry" and real_now < last.at + pause:
        return f"tried {first.retries} times; next {pause} after the last"
    if coordinator is None or isinstance(first.about, Week):
        return None
    quiet = [_quiet_until(each, coordinator, rules[each.transition.rule], real_now) for each in notices]
    # One that is critical takes the others along.
    if quiet[0] and all(quiet):
        return f"quiet hours until {quiet[0]:%H:%M}"
    if last.outcome != "queued":
        return None
    rule = rules[first.transition.rule]
    until = first.queued_at + _way(first, rule, book).group_wait
    if real_now < until and not _was_put_off(first, coordinator, rule):
        return f"others may join it until {until:%H:%M:%S}"
    return None


def _was_put_off(notice: Notice, coordinator: Coordinator, rule: Rule) -> bool:
    return _quiet_until(notice, coordinator, rule, notice.queued_at) is not None


def _quiet_until(notice: Notice, coordinator: Coordinator, rule: Rule, moment: datetime) -> datetime | None:
    """What is critical does not wait for the morning, nor that it is over."""
    severity = rule.told_in(notice.transition.area).severity
    if coordinator.quiet_hours is None or severity == "critical":
        return None
    return coordinator.quiet_hours.end_of(moment)


def _why_send(notice: Notice) -> str:
    if notice.unknown_outcomes:
        return "the last sending ended without an answer on record"
    tries = notice.retries
    return f"attempt {tries + 1}" if tries else "queued"


def backoff(retries: int) -> timedelta:
    """1 s after the first failure, then 2 s, 4 s, … up to five minutes."""
    return min(timedelta(seconds=2 ** max(0, min(retries, 30) - 1)), LONGEST_WAIT)
