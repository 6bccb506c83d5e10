"""What the tests do to a broker through Kafka's admin protocol, whichever broker it is."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

_numbers = itertools.count(1)


def unique_topic(prefix: str = "topic") -> str:
    """A topic name that no other test of this run uses."""
    return f"{prefix}-{os.getpid()}-{next(_numbers)}"


def create_topic(
    bootstrap_servers: str,
    name: str,
    partitions: int = 1,
    configuration: Mapping[str, str] | None = None,
    seconds: float = 20,
) -> str:
    """Create the topic and return its name; raises KafkaException when the broker refuses."""
    topic = NewTopic(name, num_partitions=partitions, replication_factor=1, config=dict(configuration or {}))
    admin = AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 4})
    for created in admin.create_topics([topic], operation_timeout=seconds).values():
        created.result(timeout=seconds)
    return name


def broker_answers(bootstrap_servers: str) -> bool:
    """Whether a broker answers a metadata request and counts itself among the working ones."""
    # Silent: while a broker starts, each refused connection would be a line on stderr.
    admin = AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 0})
    try:
        return bool(admin.list_topics(timeout=1).brokers)
    except KafkaException:
        return False
