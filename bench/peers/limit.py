"""The limit: what the two unavoidable parts cost, each alone.

librdkafka's consume, which looks at no value; and ClickHouse reading the same events from an Avro file into
the peers' table.
"""

from __future__ import annotations

from confluent_kafka import Consumer

from bench.peers.facts_table import FactsTable
from bench.protocol import GROUP_SESSION_SECONDS, Stopwatch, Task, report_rows

BATCH_RECORDS = 10_000


def consume_alone(task: Task) -> None:
    watch = Stopwatch("consume")
    consumer = Consumer(
        {
            "bootstrap.servers": task.bootstrap,
            "group.id": task.group,
            "auto.offset.reset": "earliest",
            "session.timeout.ms": GROUP_SESSION_SECONDS * 1000,
        }
    )
    consumer.subscribe([task.topic], on_assign=lambda *_: watch.start())
    left = task.events
    while left:
        left -= len(consumer.consume(min(BATCH_RECORDS, left), timeout=1))
    watch.stop()
    consumer.close()


def store_alone(task: Task) -> int:
    table, watch = FactsTable(task.path), Stopwatch("store")
    watch.start()
    table.insert_file(task.avro)
    watch.stop()
    return table.count()


def main() -> None:
    task = Task.from_arguments()
    consume_alone(task)
    report_rows(store_alone(task))


if __name__ == "__main__":
    main()
