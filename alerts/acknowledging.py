"""Which alerts somebody looks after. An acknowledgement counts for as long as its alert goes on, and not for the next.

Whoever acknowledged first counts: the others can rely on what they were told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from alerts.address_book import AddressBook
from alerts.evaluate import GOES_ON, Alert, State
from alerts.ports import Acknowledgements
from schemas.alerting import Acknowledgement


def acknowledged(
    states: Mapping[Alert, State], written: Iterable[Acknowledgement]
) -> Mapping[Alert, Acknowledgement]:
    """Of the alerts that go on those that are acknowledged, each with its first acknowledgement. Pure."""
    first: dict[Alert, Acknowledgement] = {}
    for each in sorted(written, key=lambda each: (each.at, each.author, each.comment), reverse=True):
        alert = (each.rule, each.area)
        state = states.get(alert)
        if state is not None and state.phase in GOES_ON and state.since == each.since:
            first[alert] = each
    return first


def look_up(
    states: Mapping[Alert, State], acknowledgements: Acknowledgements
) -> Mapping[Alert, Acknowledgement]:
    """As `acknowledged`, of what is written down; nothing is asked where nothing fires. Raises `Unavailable`."""
    begun = [state.since for state in states.values() if state.phase in GOES_ON]
    return acknowledged(states, acknowledgements.written(min(begun))) if begun else {}


def shown_name(author: str, book: AddressBook) -> str:
    """The author as others may read it: a coordinator's name, and of no address what follows its `@`."""
    coordinator = book.find(author)
    return coordinator.name if coordinator else author.partition("@")[0]
