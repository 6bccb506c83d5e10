"""Answers agencies on `bewithu.rejections.v1`, before a batch counts as stored.

The topic is compacted, so an answer that is sent again changes nothing; it is acknowledged by the broker before
`tell` returns, so none is lost. A batch of answers costs one round trip.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from bewithu.errors import Unavailable
from bewithu.settings import Kafka
from schemas.intake import Refusal
from schemas.quarantine import Held
from schemas.rejections import answers, held, rejections, value
from streams.outward import PATIENCE_SECONDS, OutwardTopic
from streams.registry import SchemaRegistry


class Standing(Protocol):
    """All open or dropped records of these events. Raises `Unavailable` when the store does not answer."""

    def __call__(self, event_ids: Sequence[str]) -> Sequence[Held]: ...


class Rejections:
    """The `Answers` of the ingest (streams/ports.py)."""

    def __init__(
        self,
        kafka: Kafka,
        registry: SchemaRegistry,
        standing: Standing,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._topic = OutwardTopic(kafka, registry, rejections(), patience_seconds)
        self._standing = standing

    def tell(self, refusals: Sequence[Refusal], before: Sequence[Held]) -> None:
        """Answers about records just taken; `before` are those of them that were refused earlier already."""
        refused = {record.place: record for record in map(held, refusals)}
        earlier = {record.place: record for record in before}
        now = [_with_state(record, earlier.get(place)) for place, record in refused.items()]
        self.send(answers(now, before, self._others(now, before)))

    def dropped(self, records: Sequence[Held]) -> None:
        """Says of each record that it will not be tried again. `records` are in the state `dropped`."""
        self.send(answers(records, (), self._others(records, records)))

    def send(self, told: Mapping[str, Held | None]) -> None:
        """Raises `Unavailable` unless the broker has acknowledged every answer."""
        if not told:
            return
        sent = self._topic.send(
            {mine: None if record is None else value(record) for mine, record in told.items()}
        )
        if sent.missing:
            raise Unavailable("Kafka", f"{sent.missing} rejections are not told: {sent.trouble}")

    def _others(self, now: Sequence[Held], before: Sequence[Held]) -> list[Held]:
        """Other records of the same events, whose answer may be the one that is left; not for what is new."""
        if not before:
            return []
        taken = {record.place for record in [*now, *before]}
        events = sorted({record.event_id for record in [*now, *before] if record.event_id})
        return [other for other in self._standing(events) if other.place not in taken]


def _with_state(record: Held, earlier: Held | None) -> Held:
    """Refused again: what was decided about it stands."""
    if earlier is None or earlier.state == "open":
        return record
    return replace(record, state=earlier.state, why=earlier.why)
