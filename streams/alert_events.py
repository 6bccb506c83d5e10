"""Publishes alerts' steps on `bewithu.alerts.v1`."""

from __future__ import annotations

from collections.abc import Sequence

from bewithu.settings import Kafka
from schemas.alert_events import AlertEvent, Published, alert_events, key, value
from streams.outward import OutwardTopic
from streams.registry import SchemaRegistry

#: Less than for agencies' answers, which an ingest waits for: the leader has other work.
_PATIENCE_SECONDS = 5.0


class KafkaAlertEvents:
    """The `AlertEvents` of alerts/ports.py."""

    def __init__(
        self, kafka: Kafka, registry: SchemaRegistry, patience_seconds: float = _PATIENCE_SECONDS
    ) -> None:
        self._topic = OutwardTopic(kafka, registry, alert_events(), patience_seconds)

    def publish(self, events: Sequence[AlertEvent]) -> Published:
        """Of each alert one event at most. Raises `Unavailable` while the schema registry is away."""
        by_key = {key(event): event for event in events}
        assert len(by_key) == len(events), "two events of one alert at once may arrive in any order"
        sent = self._topic.send({mine: value(event) for mine, event in by_key.items()})
        ids = tuple(event.transition.id for mine, event in by_key.items() if mine in sent.confirmed)
        return Published(ids, sent.trouble)
