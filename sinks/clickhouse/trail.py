"""From a mail back to Kafka: the steps of alerts it is about, the refreshes behind them, the batches behind these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from schemas.alerting import Transition
from schemas.contracts import contracts
from schemas.indicators import Counted
from sinks.clickhouse.alert_log import in_utc
from sinks.clickhouse.database import Database, statement
from sinks.indicators.steps import events_of


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """Records of one partition that were stored together, the first and the last offset included."""

    batch: str
    topic: str
    partition: int
    first_offset: int
    last_offset: int
    records: int
    refused: int


@dataclass(frozen=True, slots=True)
class RefreshBehind:
    """A refresh that moved the value. No batches: it worked an indicator out anew from all facts."""

    refresh: int
    known_at: datetime
    batches: Sequence[StoredBatch]


@dataclass(frozen=True, slots=True)
class Behind:
    """What a step of an alert rests on: the refresh whose values were read, and those that moved them, newest first.

    `more`: there are older ones. None of them is left when the indicator was worked out anew since.
    """

    read: int
    refreshes: Sequence[RefreshBehind]
    more: bool


class Trail:
    """Reads the logs that the worker keeps. It names records by their places, and tells nothing of what they hold."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def steps_of_mail(self, message_id: str) -> Sequence[str]:
        """Ids of the steps of alerts that a mail is about; none for an unknown one."""
        return [str(step) for (step,) in self._database.rows(statement("mail_about"), message_id=message_id)]

    def behind(self, step: Transition, sides: Sequence[Counted], limit: int) -> Behind:
        """`sides`: the counted indicators that the step's own rests on."""
        at = step.at.astimezone(UTC).replace(tzinfo=None)
        read = int(self._database.value(statement("refresh_read"), id=step.id, at=at))
        found = self._database.rows(
            statement("refreshes_behind"),
            indicators=[side.id for side in sides],
            day=step.day,
            area=step.area,
            upto=read,
            limit=limit + 1,
        )
        topics = _topics(sides)
        refreshes = [
            RefreshBehind(refresh, in_utc(known_at), self._batches([str(each) for each in batches], topics))
            for refresh, known_at, batches in found[:limit]
        ]
        return Behind(read, refreshes, len(found) > limit)

    def _batches(self, batches: Sequence[str], topics: Sequence[str]) -> Sequence[StoredBatch]:
        if not batches:
            return []
        rows = self._database.rows(statement("batches_of"), batches=list(batches), topics=list(topics))
        return [StoredBatch(*row) for row in rows]


def _topics(sides: Sequence[Counted]) -> Sequence[str]:
    events = {event for side in sides for event in events_of(side)}
    return sorted(topic for topic, contract in contracts().items() if contract.event_type in events)
