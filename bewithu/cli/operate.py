"""Commands of an operator: worker, migrate."""

from __future__ import annotations

import asyncio
import contextlib
import signal

import typer

from bewithu.clock import SystemClock
from bewithu.log_lines import log_as_worker
from bewithu.settings import Settings, load_settings
from bewithu.wiring import connect, make_worker
from sinks.clickhouse.prepare import prepare
from streams.registry import SchemaRegistry
from streams.topics import ensure_topics


def worker(context: typer.Context) -> None:
    """Take events from Kafka, keep indicators, raise alerts, serve the board. Stops cleanly on SIGTERM or Ctrl-C."""
    settings = load_settings()
    log_as_worker(settings.log, verbose=bool(context.obj))
    asyncio.run(_work(settings))


async def _work(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await make_worker(settings, SystemClock()).run(stop)


def migrate() -> None:
    """Bring database, topics and schema subjects to this version. Safe to repeat."""
    settings = load_settings()
    with contextlib.closing(connect(settings)) as database:
        for applied in prepare(database):
            typer.echo(f"applied {applied.number:04} {applied.title}")
    for topic in ensure_topics(settings.kafka):
        typer.echo(f"made topic {topic}")
    with contextlib.closing(SchemaRegistry(settings.registry)) as registry:
        registry.register_all()
    typer.echo("the database, the topics and the subjects are up to date")
