"""A Faust agent in the usual form: a codec decodes each message, `take` gathers a batch, an insert stores it.

https://faust-streaming.github.io/faust/userguide/models.html (codecs) and .../userguide/streams.html (take).
"""

from __future__ import annotations

import signal
from typing import Any

import faust
from faust.serializers import codecs

from bench.peers.facts_table import FactsTable
from bench.peers.writer_schemas import WriterSchemas
from bench.protocol import GROUP_SESSION_SECONDS, Stopwatch, Task, report_rows

BATCH_RECORDS = 1000


class AvroCodec(codecs.Codec):
    """Reads Confluent's wire format."""

    def __init__(self, schemas: WriterSchemas, **options: Any) -> None:
        super().__init__(schemas=schemas, **options)
        self._schemas = schemas

    def _loads(self, s: bytes) -> Any:
        return self._schemas.decode(s)


def build_app(task: Task, watch: Stopwatch) -> faust.App:
    app = faust.App(
        task.group,
        broker=f"kafka://{task.bootstrap}",
        broker_session_timeout=GROUP_SESSION_SECONDS,
        broker_heartbeat_interval=GROUP_SESSION_SECONDS / 3,
        consumer_auto_offset_reset="earliest",
        datadir=str(task.path.with_name("faust")),
        topic_disable_leader=True,
        web_enabled=False,
    )
    table = FactsTable(task.path)
    codecs.register("registry_avro", AvroCodec(WriterSchemas(task.registry)))
    topic = app.topic(task.topic, key_serializer="raw", value_serializer="registry_avro")

    @app.on_partitions_assigned.connect
    async def on_assigned(_app: Any, /, *sent: Any, signal: Any, **_: Any) -> None:
        if any(sent):
            watch.start()

    @app.agent(topic)
    async def store(stream: faust.StreamT[Any]) -> None:
        stored = 0
        async for events in stream.take(BATCH_RECORDS, within=1):
            # Faust fetches in a thread of its own, so a call that blocks is harmless here, and it is a third
            # cheaper than handing it to another thread.
            table.insert(events)
            stored += len(events)
            if stored >= task.events:
                watch.stop()
                report_rows(table.count())
                signal.raise_signal(signal.SIGTERM)

    return app


def main() -> None:
    app = build_app(Task.from_arguments(), Stopwatch())
    faust.Worker(app, loglevel="WARNING").execute_from_commandline()


if __name__ == "__main__":
    main()
