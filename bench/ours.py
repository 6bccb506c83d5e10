"""Ours: the worker's path as it runs in production, from the broker to facts.

Contract rules, fence, quarantine, marks of what was touched, synced parts, commits and metrics are all switched on; the
leader's refresh of indicators, which peers have no counterpart for, is not.
"""

from __future__ import annotations

import asyncio
from typing import Any

from prometheus_client import CollectorRegistry

from bench.protocol import GROUP_SESSION_SECONDS, Stopwatch, Task, report_rows
from bewithu.clock import SystemClock
from bewithu.fitting.metrics.ingest import IngestMetrics, TimedFactStore
from bewithu.fitting.metrics.timings import Timings
from bewithu.settings import Kafka, Registry
from sinks.clickhouse.bookkeeping import Bookkeeping
from sinks.clickhouse.database import Database
from sinks.clickhouse.fact_store import ClickHouseFactStore
from sinks.clickhouse.prepare import prepare
from streams.intake import Intake
from streams.registry import SchemaRegistry
from streams.worker import Progress, make_app
from streams.writer_schemas import WriterSchemas


def main() -> None:
    task = Task.from_arguments()
    asyncio.run(_run(task))


async def _run(task: Task) -> None:
    database = Database.at(f"chdb://{task.path}")
    prepare(database)
    # What a first insert brings about (imports, an insert context) is start-up, for every contender.
    database.insert("generations", ["indicator", "generation"], [["", 0]])
    settings = Kafka(
        bootstrap_servers=task.bootstrap, group=task.group, session_timeout_seconds=GROUP_SESSION_SECONDS
    )
    progress, watch = Progress(), Stopwatch()
    writers = WriterSchemas(SchemaRegistry(Registry(url=task.registry)))
    store, registry = TimedFactStore(ClickHouseFactStore(database)), CollectorRegistry()
    metrics = IngestMetrics(registry, Timings(registry), store, SystemClock())
    progress.on_stored = metrics.stored
    intake = Intake(store, writers, SystemClock(), settings.max_message_bytes)
    app = make_app(settings, intake, progress)

    @app.on_partitions_assigned.connect
    async def assigned(*_: Any, **__: Any) -> None:
        watch.start()

    await app.start()
    while progress.records < task.events:
        progress.stored.clear()
        await progress.stored.wait()
    watch.stop()
    await app.stop()
    books = Bookkeeping(database).books()
    assert books.quarantined == 0, f"{books.quarantined} good events were refused"
    report_rows(books.accepted)


if __name__ == "__main__":
    main()
