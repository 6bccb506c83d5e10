"""The topics of events and of what we publish: made with the right settings where they are missing."""

from __future__ import annotations

from collections.abc import Iterable

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from bewithu.errors import Unavailable
from bewithu.settings import Kafka
from schemas.alert_events import alert_events
from schemas.contracts import contracts
from schemas.outward import outward_contracts
from schemas.rejections import rejections
from streams.kafka_security import Complaints, librdkafka_options


def missing_topics(present: Iterable[str]) -> tuple[str, ...]:
    """Topics of ours that are not among `present`."""
    there = frozenset(present)
    return tuple(topic for topic in (*contracts(), *outward_contracts()) if topic not in there)


def ensure_topics(kafka: Kafka, seconds: float = 10) -> tuple[str, ...]:
    """Makes the event topics that are missing, and returns them. Raises `Unavailable` without a broker."""
    complaints = Complaints(kafka)
    options = librdkafka_options(kafka) | {"log_level": 0, "error_cb": complaints}
    try:
        admin = AdminClient(options)
    except KafkaException as error:
        raise Unavailable("Kafka", f"{kafka.bootstrap_servers}: {error.args[0].str()}") from error
    try:
        missing = missing_topics(admin.list_topics(timeout=seconds).topics)
        wanted = [
            NewTopic(
                topic,
                num_partitions=kafka.partitions,
                replication_factor=kafka.replication,
                config=_settings(topic),
            )
            for topic in missing
        ]
        if wanted:
            for made in admin.create_topics(wanted, request_timeout=seconds).values():
                made.result()
    except KafkaException as error:
        if error.args[0].name() == "TOPIC_ALREADY_EXISTS":
            return ()
        admin.poll(0)
        cause = complaints.explained(f"{kafka.bootstrap_servers}: {error.args[0].str()}")
        raise Unavailable("Kafka", cause) from error
    return missing


def answers(kafka: Kafka, seconds: float = 3) -> bool:
    """Whether a broker answers somebody who has not spoken to it before."""
    options = librdkafka_options(kafka) | {"log_level": 0, "error_cb": Complaints(kafka)}
    try:
        return bool(AdminClient(options).list_topics(timeout=seconds).brokers)
    except KafkaException:
        return False


def _settings(topic: str) -> dict[str, str]:
    """Of our answers the newest for each key is kept for ever, and all steps of alerts, which are few.

    Events are kept as long as the broker keeps topics.
    """
    settings = {
        rejections().topic: {"cleanup.policy": "compact"},
        alert_events().topic: {"retention.ms": "-1"},
    }
    return settings.get(topic, {})
