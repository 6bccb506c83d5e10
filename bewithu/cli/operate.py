"""Commands of an operator: worker, migrate."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import Annotated

import typer

from bewithu.clock import SystemClock
from bewithu.fitting.description import description
from bewithu.settings import Settings, load_settings
from bewithu.wiring import connect, make_worker, read_definitions
from sinks.clickhouse.description import write_description
from sinks.clickhouse.prepare import prepare
from streams.registry import SchemaRegistry
from streams.topics import ensure_topics


def worker(
    quiet: Annotated[
        bool, typer.Option("--quiet", help="tell nobody: for a second database with a group of its own")
    ] = False,
) -> None:
    """Take events from Kafka, keep indicators, raise alerts, serve the board. Stops cleanly on SIGTERM or Ctrl-C.

    A quiet one raises no alerts, sends no mails and no answers to agencies, and is never ready: it fills a database
    that is to take the place of the serving one.
    """
    asyncio.run(_work(load_settings(), quiet))


async def _work(settings: Settings, quiet: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await make_worker(settings, SystemClock(), quiet=quiet).run(stop)


def migrate() -> None:
    """Bring database, topics and schema subjects to this version. Safe to repeat."""
    settings = load_settings()
    written = read_definitions(settings)
    with contextlib.closing(connect(settings)) as database:
        for applied in prepare(database):
            typer.echo(f"applied {applied.number:04} {applied.title}")
        write_description(database, description(written.indicators, written.rules))
    for topic in ensure_topics(settings.kafka):
        typer.echo(f"made topic {topic}")
    with contextlib.closing(SchemaRegistry(settings.registry)) as registry:
        registry.register_all()
    typer.echo("the database, the topics and the subjects are up to date")
