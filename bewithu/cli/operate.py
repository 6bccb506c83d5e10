"""Commands of an operator: worker, migrate."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import threading
from typing import Annotated

import typer

from bewithu.clock import SystemClock
from bewithu.fitting.description import description
from bewithu.log_lines import log_as_worker
from bewithu.settings import Settings, load_settings
from bewithu.wiring import connect, make_worker, read_definitions
from sinks.clickhouse.description import write_description
from sinks.clickhouse.prepare import prepare
from streams.registry import SchemaRegistry
from streams.topics import ensure_topics

log = logging.getLogger("bewithu.worker")

#: Supervisors kill after ten.
_END_SECONDS = 8.5


def worker(
    context: typer.Context,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="tell nobody: for a second database with a group of its own")
    ] = False,
) -> None:
    """Take events from Kafka, keep indicators, raise alerts, serve the board. Stops cleanly on SIGTERM or Ctrl-C.

    A quiet one raises no alerts, sends no mails and no answers to agencies, and is never ready: it fills a database
    that is to take the place of the serving one.
    """
    settings = load_settings()
    log_as_worker(settings.log, verbose=bool(context.obj))
    asyncio.run(_work(settings, quiet))


async def _work(settings: Settings, quiet: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, _begin_to_end, stop)
    await make_worker(settings, SystemClock(), quiet=quiet).run(stop)


def _begin_to_end(stop: asyncio.Event) -> None:
    stop.set()
    # A thread that waits for the store cannot be cancelled, and Python waits for each.
    last = threading.Timer(_END_SECONDS, _leave)
    last.daemon = True
    last.start()


def _leave() -> None:
    """What is under way is as after a crash: whoever takes over does it again, and nothing is double."""
    log.warning(
        "something under way came to no end in %.0f s: it is left to whoever takes over", _END_SECONDS
    )
    logging.shutdown()
    os._exit(0)


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
