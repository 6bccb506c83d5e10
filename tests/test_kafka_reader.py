"""Single records are read again by their place, and one that is gone is never mistaken for another."""

from __future__ import annotations

import pytest
from confluent_kafka import Producer

from bewithu.errors import Unavailable
from schemas.quarantine import Place
from streams.kafka_reader import KafkaReader
from tests.parts.processes import free_port
from tests.parts.tansu import Tansu
from tests.parts.topics import create_topic, unique_topic


def published(broker: str, *values: bytes | None, partition: int = 0, topic: str = "") -> str:
    topic = topic or create_topic(broker, unique_topic(), partitions=2)
    producer = Producer({"bootstrap.servers": broker, "log_level": 0})
    for value in values:
        producer.produce(topic, value=value, partition=partition)
    assert producer.flush(30) == 0
    return topic


def test_records_are_found_in_any_order_and_a_null_is_one(tansu: Tansu) -> None:
    topic = published(tansu.bootstrap_servers, b"a", None, b"c")
    published(tansu.bootstrap_servers, b"d", partition=1, topic=topic)
    wanted = [Place(topic, 1, 0), Place(topic, 0, 2), Place(topic, 0, 0), Place(topic, 0, 1)]
    found = KafkaReader(tansu.bootstrap_servers).values(wanted)
    assert [found[place] for place in wanted] == [b"d", b"c", b"a", None]


def test_what_is_not_there_is_left_out(tansu: Tansu) -> None:
    topic = published(tansu.bootstrap_servers, b"a")
    reader = KafkaReader(tansu.bootstrap_servers, patience_seconds=2)
    absent = [Place(topic, 0, 5), Place(topic, 9, 0), Place(unique_topic(), 0, 0)]
    assert reader.values([Place(topic, 0, 0), *absent]) == {Place(topic, 0, 0): b"a"}
    assert reader.values([]) == {}


def test_a_broker_that_is_away_is_told() -> None:
    reader = KafkaReader(f"127.0.0.1:{free_port()}", patience_seconds=1)
    with pytest.raises(Unavailable, match="Kafka is away"):
        reader.values([Place("a", 0, 0)])
