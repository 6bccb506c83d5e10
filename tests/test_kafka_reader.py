"""Single records are read again by their place, and one that is gone is never mistaken for another."""

from __future__ import annotations

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from bewithu.errors import Unavailable
from bewithu.settings import Kafka
from schemas.quarantine import Place
from streams.kafka_reader import KafkaReader
from tests.parts.kafka import ApacheKafka
from tests.parts.processes import free_port
from tests.parts.topics import create_topic, unique_topic


def published(broker: str, *values: bytes | None, partition: int = 0, topic: str = "") -> str:
    topic = topic or create_topic(broker, unique_topic(), partitions=2)
    producer = Producer({"bootstrap.servers": broker, "log_level": 0})
    for value in values:
        producer.produce(topic, value=value, partition=partition)
    assert producer.flush(30) == 0
    return topic


def test_records_are_found_in_any_order_and_a_null_is_one(each_broker: str) -> None:
    topic = published(each_broker, b"a", None, b"c")
    published(each_broker, b"d", partition=1, topic=topic)
    wanted = [Place(topic, 1, 0), Place(topic, 0, 2), Place(topic, 0, 0), Place(topic, 0, 1)]
    found = KafkaReader(Kafka(bootstrap_servers=each_broker)).values(wanted)
    assert [found[place] for place in wanted] == [b"d", b"c", b"a", None]


def test_what_is_not_there_is_left_out(each_broker: str) -> None:
    topic = published(each_broker, b"a")
    reader = KafkaReader(Kafka(bootstrap_servers=each_broker), patience_seconds=2)
    absent = [Place(topic, 0, 5), Place(topic, 9, 0), Place(unique_topic(), 0, 0)]
    assert reader.values([Place(topic, 0, 0), *absent]) == {Place(topic, 0, 0): b"a"}
    assert reader.values([]) == {}


def test_a_record_that_was_deleted_is_not_taken_for_the_one_behind_it(apache_kafka: ApacheKafka) -> None:
    topic = published(apache_kafka.bootstrap_servers, b"old", b"kept")
    admin = AdminClient({"bootstrap.servers": apache_kafka.bootstrap_servers, "log_level": 0})
    for done in admin.delete_records([TopicPartition(topic, 0, 1)], request_timeout=10).values():
        done.result()
    reader = KafkaReader(Kafka(bootstrap_servers=apache_kafka.bootstrap_servers), patience_seconds=10)
    assert reader.values([Place(topic, 0, 0), Place(topic, 0, 1)]) == {Place(topic, 0, 1): b"kept"}


def test_a_broker_that_is_away_is_told() -> None:
    reader = KafkaReader(Kafka(bootstrap_servers=f"127.0.0.1:{free_port()}"), patience_seconds=1)
    with pytest.raises(Unavailable, match="Kafka is away"):
        reader.values([Place("a", 0, 0)])
