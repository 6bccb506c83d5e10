"""A loop written by hand: confluent-kafka gives batches, fastavro decodes, clickhouse-connect inserts."""

from __future__ import annotations

from confluent_kafka import Consumer, KafkaException

from bench.peers.facts_table import FactsTable
from bench.peers.writer_schemas import WriterSchemas
from bench.protocol import GROUP_SESSION_SECONDS, Stopwatch, Task, report_rows

BATCH_RECORDS = 10_000


def main() -> None:
    task = Task.from_arguments()
    table, schemas, watch = FactsTable(task.path), WriterSchemas(task.registry), Stopwatch()
    consumer = Consumer(
        {
            "bootstrap.servers": task.bootstrap,
            "group.id": task.group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "session.timeout.ms": GROUP_SESSION_SECONDS * 1000,
        }
    )
    consumer.subscribe([task.topic], on_assign=lambda *_: watch.start())
    stored = 0
    while stored < task.events:
        messages = consumer.consume(min(BATCH_RECORDS, task.events - stored), timeout=1)
        events = []
        for message in messages:
            if message.error() is not None:
                raise KafkaException(message.error())
            events.append(schemas.decode(message.value()))
        if events:
            table.insert(events)
            consumer.commit(asynchronous=False)
            stored += len(events)
    watch.stop()
    consumer.close()
    report_rows(table.count())


if __name__ == "__main__":
    main()
