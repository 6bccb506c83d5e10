"""Partitions that were just assigned go on behind what was committed, and from the beginning where nothing was."""

from __future__ import annotations

from aiokafka import AIOKafkaConsumer, TopicPartition
from confluent_kafka import Producer

from streams.resuming import seek_to_committed
from tests.parts.topics import create_topic, unique_topic


async def test_what_was_fetched_and_dropped_is_fetched_again(each_broker: str) -> None:
    topic = create_topic(each_broker, unique_topic(), partitions=3)
    producer = Producer({"bootstrap.servers": each_broker, "log_level": 0})
    known, fresh, empty = (TopicPartition(topic, number) for number in range(3))
    for each in (known, fresh):
        for _ in range(3):
            producer.produce(topic, b"x", partition=each.partition)
            assert producer.flush(30) == 0
    consumer = AIOKafkaConsumer(
        bootstrap_servers=each_broker,
        group_id=unique_topic(),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        consumer.assign([known, fresh, empty])
        await consumer.commit({known: 2})
        for each in (known, fresh):
            consumer.seek(each, 3)
        committed = await seek_to_committed(consumer)
        assert [committed[each] or None for each in (known, fresh, empty)] == [2, None, None]
        assert [await consumer.position(each) for each in (known, fresh, empty)] == [2, 0, 0]
    finally:
        await consumer.stop()
