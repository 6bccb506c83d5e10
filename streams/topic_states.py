"""What a broker tells of our topics: looked at, and nothing is made or changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._resource import ResourceType

from bewithu.errors import Unavailable
from bewithu.settings import Kafka
from schemas.contracts import contracts
from schemas.outward import outward_contracts
from streams.kafka_security import Complaints, librdkafka_options


@dataclass(frozen=True, slots=True)
class TopicState:
    """`replicas` and `in_sync`: of the partition with the fewest. `retention_ms` is None where it is not told."""

    partitions: int
    leaderless: int
    replicas: int
    in_sync: int
    retention_ms: int | None = None
    cleanup: str = ""


@dataclass(frozen=True, slots=True)
class Topics:
    """Those of ours that are there."""

    brokers: int
    topics: Mapping[str, TopicState]


def topic_states(kafka: Kafka, seconds: float = 10) -> Topics:
    """Raises `Unavailable` without a broker."""
    complaints = Complaints(kafka)
    try:
        admin = AdminClient(librdkafka_options(kafka) | {"log_level": 0, "error_cb": complaints})
    except KafkaException as error:
        raise Unavailable("Kafka", f"{kafka.bootstrap_servers}: {error.args[0].str()}") from error
    try:
        told = admin.list_topics(timeout=seconds)
    except KafkaException as error:
        admin.poll(0)
        cause = complaints.explained(f"{kafka.bootstrap_servers}: {error.args[0].str()}")
        raise Unavailable("Kafka", cause) from error
    ours = [name for name in (*contracts(), *outward_contracts()) if name in told.topics]
    kept = _kept(admin, ours, seconds)
    found = {}
    for name in ours:
        parts = list(told.topics[name].partitions.values())
        retention, cleanup = kept.get(name, (None, ""))
        found[name] = TopicState(
            len(parts),
            sum(part.leader < 0 for part in parts),
            min((len(part.replicas) for part in parts), default=0),
            min((len(part.isrs) for part in parts), default=0),
            retention,
            cleanup,
        )
    return Topics(len(told.brokers), found)


def _kept(admin: AdminClient, names: list[str], seconds: float) -> Mapping[str, tuple[int | None, str]]:
    """Retention and clean-up of each; a broker need not tell."""
    if not names:
        return {}
    asked = admin.describe_configs([ConfigResource(ResourceType.TOPIC, name) for name in names])
    found = {}
    for resource, answer in asked.items():
        try:
            config = answer.result(timeout=seconds)
        except (KafkaException, TimeoutError):
            continue
        if "retention.ms" in config:
            cleanup = config["cleanup.policy"].value if "cleanup.policy" in config else "delete"
            found[resource.name] = int(config["retention.ms"].value), str(cleanup)
    return found
