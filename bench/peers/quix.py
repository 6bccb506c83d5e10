"""Quix Streams as documented: a topic with an Avro deserializer on the registry, and a batching sink.

https://quix.io/docs/quix-streams/connectors/sinks/custom-sinks.html and .../advanced/schema-registry.html.
The checkpoint, which flushes the sink and commits, is left at its default of every 5 seconds: large batches
favour it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

# Not in the project's environment: bench/contenders.py gives this peer one of its own.
from quixstreams import Application  # type: ignore[import-not-found]
from quixstreams.models import SchemaRegistryClientConfig  # type: ignore[import-not-found]
from quixstreams.models.serializers.avro import AvroDeserializer  # type: ignore[import-not-found]
from quixstreams.sinks import BatchingSink, SinkBatch  # type: ignore[import-not-found]

from bench.peers.facts_table import FactsTable
from bench.protocol import GROUP_SESSION_SECONDS, Stopwatch, Task, report_rows


class ClickHouseSink(BatchingSink):  # type: ignore[misc]
    """Writes each partition's part of a checkpoint in one insert."""

    def __init__(self, path: Path, events: int, watch: Stopwatch) -> None:
        super().__init__()
        self._path = path
        self._left = events
        self._watch = watch

    def setup(self) -> None:
        self.table = FactsTable(self._path)

    def write(self, batch: SinkBatch) -> None:
        self.table.insert([item.value for item in batch])
        self._left -= batch.size
        if self._left == 0:
            self._watch.stop()


def start_at_first_record(sink: ClickHouseSink, watch: Stopwatch) -> None:
    """Quix has no hook for the assignment. The first record takes this detour, the others do not."""

    def add(**record: Any) -> None:
        watch.start()
        del sink.add
        sink.add(**record)

    sink.add = add


def main() -> None:
    task, watch = Task.from_arguments(), Stopwatch()
    app = Application(
        broker_address=task.bootstrap,
        consumer_group=task.group,
        auto_offset_reset="earliest",
        consumer_extra_config={"session.timeout.ms": GROUP_SESSION_SECONDS * 1000},
        state_dir=task.path.with_name("quix"),
        loglevel="WARNING",
    )
    registry = SchemaRegistryClientConfig(url=task.registry)
    deserializer = AvroDeserializer(schema_registry_client_config=registry)
    topic = app.topic(task.topic, key_deserializer="bytes", value_deserializer=deserializer)
    sink = ClickHouseSink(task.path, task.events, watch)
    start_at_first_record(sink, watch)
    app.dataframe(topic).sink(sink)
    app.run(count=task.events, collect=False)
    report_rows(sink.table.count())


if __name__ == "__main__":
    main()
