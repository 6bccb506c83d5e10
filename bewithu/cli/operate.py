"""Commands of an operator: worker, migrate, doctor."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable
from typing import Any

import typer
from pydantic import BaseModel, SecretStr

from bewithu.cli.printing import Json, print_records
from bewithu.clock import SystemClock
from bewithu.errors import BewithuError
from bewithu.settings import Settings, load_settings
from bewithu.wiring import connect, make_worker, read_definitions
from sinks.clickhouse.prepare import prepare
from streams.registry import SchemaRegistry
from streams.topics import ensure_topics


def worker() -> None:
    """Take events from Kafka, keep indicators, raise alerts, serve the board. Stops cleanly on SIGTERM or Ctrl-C."""
    asyncio.run(_work(load_settings()))


async def _work(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await make_worker(settings, SystemClock()).run(stop)


def migrate() -> None:
    """Bring database, topics and schema subjects to this version. Safe to repeat."""
    settings = load_settings()
    database = connect(settings)
    try:
        for applied in prepare(database):
            typer.echo(f"applied {applied.number:04} {applied.title}")
    finally:
        database.close()
    kafka = settings.kafka
    for topic in ensure_topics(kafka.bootstrap_servers, kafka.partitions, kafka.replication):
        typer.echo(f"made topic {topic}")
    registry = SchemaRegistry(settings.registry.url)
    registry.register_all()
    typer.echo("the database, the topics and the subjects are up to date")


def doctor(as_json: Json = False) -> None:
    """Show every setting and check every part. Exit 1 when a part is away or a definition is wrong."""
    settings = load_settings()
    checks = [
        ("definitions", lambda: f"{len(read_definitions(settings).indicators)} indicators"),
        ("ClickHouse", lambda: _clickhouse(settings)),
        ("Kafka", lambda: _kafka(settings)),
        ("schema registry", lambda: _registry(settings)),
    ]
    rows: list[tuple[str, str, str]] = [(f"setting {name}", "", value) for name, value in _flat("", settings)]
    rows += [(part, *_checked(check)) for part, check in checks]
    print_records(as_json, ["what", "state", "detail"], rows, "")
    if any(state == "away" for _, state, _ in rows):
        raise typer.Exit(1)


def _checked(check: Callable[[], str]) -> tuple[str, str]:
    try:
        return "well", check()
    except BewithuError as error:
        return "away", str(error)


def _clickhouse(settings: Settings) -> str:
    with contextlib.closing(connect(settings)) as database:
        return f"{database.name}, version {database.value('SELECT version()')}"


def _kafka(settings: Settings) -> str:
    kafka = settings.kafka
    made = ensure_topics(kafka.bootstrap_servers, kafka.partitions, kafka.replication)
    return f"{kafka.bootstrap_servers}, " + (f"made topics {', '.join(made)}" if made else "all topics there")


def _registry(settings: Settings) -> str:
    SchemaRegistry(settings.registry.url).schema(0)
    return settings.registry.url


def _flat(prefix: str, model: BaseModel) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name in type(model).model_fields:
        value: Any = getattr(model, name)
        if isinstance(value, BaseModel):
            found += _flat(f"{prefix}{name}.", value)
        else:
            found.append((prefix + name, "***" if isinstance(value, SecretStr) else str(value)))
    return found
