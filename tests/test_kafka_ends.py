"""What Kafka has of each partition, on both brokers, without a group's help."""

from __future__ import annotations

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from bewithu.errors import Unavailable
from bewithu.settings import Kafka
from schemas.offsets import Ends
from streams import kafka_ends
from streams.kafka_ends import KafkaEnds
from tests.parts.kafka import ApacheKafka
from tests.parts.processes import free_port
from tests.parts.topics import create_topic, unique_topic


def topic_with(broker: str, records: int, monkeypatch: pytest.MonkeyPatch) -> str:
    """A topic of ours beside one that does not exist yet, and its first partition with so many records."""
    topic = create_topic(broker, unique_topic(), partitions=2)
    monkeypatch.setattr(kafka_ends, "contracts", lambda: {topic: None, unique_topic(): None})
    producer = Producer({"bootstrap.servers": broker, "log_level": 0})
    for _ in range(records):
        producer.produce(topic, b"x", partition=0)
        assert producer.flush(30) == 0
    return topic


def test_every_partition_of_ours_that_there_is_is_told(
    each_broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = topic_with(each_broker, 3, monkeypatch)
    assert KafkaEnds(Kafka(bootstrap_servers=each_broker)).now() == {
        (topic, 0): Ends(0, 3),
        (topic, 1): Ends(0, 0),
    }


def test_where_no_topic_of_ours_exists_there_is_nothing(
    each_broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_ends, "contracts", lambda: {unique_topic(): None})
    assert KafkaEnds(Kafka(bootstrap_servers=each_broker)).now() == {}


def test_what_was_deleted_is_not_there(apache_kafka: ApacheKafka, monkeypatch: pytest.MonkeyPatch) -> None:
    topic = topic_with(apache_kafka.bootstrap_servers, 3, monkeypatch)
    admin = AdminClient({"bootstrap.servers": apache_kafka.bootstrap_servers, "log_level": 0})
    for done in admin.delete_records([TopicPartition(topic, 0, 2)], request_timeout=10).values():
        done.result()
    found = KafkaEnds(Kafka(bootstrap_servers=apache_kafka.bootstrap_servers)).now()
    assert found[topic, 0] == Ends(2, 3)


def test_a_broker_that_is_away_is_told() -> None:
    ends = KafkaEnds(Kafka(bootstrap_servers=f"127.0.0.1:{free_port()}"), patience_seconds=1)
    with pytest.raises(Unavailable, match="Kafka is away"):
        ends.now()
