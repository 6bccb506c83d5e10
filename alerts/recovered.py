"""What was told of alerts before a store was lost, as far as the topic of alerts and today's address book say. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from alerts.address_book import AddressBook
from alerts.addressing import addressed
from alerts.evaluate import Alert
from alerts.rules import Rule
from schemas.alerting import TOLD, MailNote, Transition

_SENT = "by another store, which was lost: as the topic of alerts says"


@dataclass(frozen=True, slots=True)
class Recovered:
    """`notes` say of each transition who was told. `to_tell`: those that are left to be told, perhaps once more."""

    transitions: tuple[Transition, ...]
    notes: tuple[MailNote, ...]
    to_tell: tuple[Transition, ...]


def recovered(
    lacking: Iterable[Transition],
    heard: Mapping[Alert, frozenset[str]],
    rules: Sequence[Rule],
    book: AddressBook,
    domain: str,
    now: datetime,
    tell_since: datetime | None = None,
) -> Recovered:
    """`lacking`: transitions that were published and are not in the log. `heard`: who was told that an alert fires.

    All of them count as told, except those of `tell_since` and later.
    """
    in_order = sorted(lacking, key=lambda each: (each.rule, each.area, each.number))
    by_id = {rule.id: rule for rule in rules}
    who, notes, to_tell = dict(heard), list[MailNote](), list[Transition]()
    for each in in_order:
        if each.kind not in TOLD:
            continue
        if tell_since is not None and each.at >= tell_since:
            to_tell.append(each)
            continue
        alert = (each.rule, each.area)
        said = addressed(each, by_id.get(each.rule), book, who.get(alert, frozenset()), domain, now)
        notes += [*said, *(replace(note, outcome="sent", detail=_SENT) for note in said[1:])]
        if each.kind == "firing":
            who[alert] = frozenset(note.coordinator for note in said[1:])
    return Recovered(tuple(in_order), tuple(notes), tuple(to_tell))
