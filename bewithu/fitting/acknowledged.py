"""Which alerts somebody looks after, as the board may tell it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from alerts.acknowledging import look_up, shown_name
from alerts.address_book import AddressBook
from alerts.evaluate import Alert, latest
from schemas.alerting import Acknowledgement, Transition
from sinks.clickhouse.acknowledgements import ClickHouseAcknowledgements


class LookedAfter:
    """Acknowledgements under names that everybody may read: the board has readers who may know no address."""

    def __init__(self, acknowledgements: ClickHouseAcknowledgements, book: AddressBook) -> None:
        self._acknowledgements = acknowledgements
        self._book = book

    def among(self, steps: Sequence[Transition]) -> Mapping[Alert, Acknowledgement]:
        """Of alerts that these are the last steps of. Raises `Unavailable`."""
        found = look_up(latest(steps), self._acknowledgements)
        return {alert: replace(each, author=self.name(each.author)) for alert, each in found.items()}

    def story(self, rule: str, area: str) -> Sequence[Acknowledgement]:
        """All of a rule in an area, the oldest first. Raises `Unavailable`."""
        return [
            replace(each, author=self.name(each.author)) for each in self._acknowledgements.story(rule, area)
        ]

    def name(self, author: str) -> str:
        """As everybody may read it."""
        return shown_name(author, self._book)
