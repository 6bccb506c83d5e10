"""From an agency's send to the published value: seconds, under a steady stream of events.

The embedded platform as it runs in `bewithu demo`: one worker with ClickHouse in its process, and a broker beside it;
the sender is a process of its own. Every event is a certificate of today, and those of one partition are all of one
municipality: so they become visible in the order in which they were sent, and the value of that municipality tells
which of them it holds. A reader asks `indicator_values` whenever the leader says that values were written, no oftener,
as it asks the same engine; what an event took is the moment at which an answer first held it, minus the moment at
which it was handed to the producer.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from alerts.catcher import Catcher
from bench.arguments import positive
from bench.errors import ContenderError
from bench.registrations import registration_contract
from bench.steady_sender import PARTITIONS, areas
from bewithu.board_settings import Http
from bewithu.clock import SystemClock, brussels_day
from bewithu.demo.broker import SESSION_TIMEOUT_SECONDS, embedded_broker
from bewithu.fitting.leader import Leader
from bewithu.settings import Kafka, Registry, Settings, Smtp, load_settings
from bewithu.wiring import connect, make_worker
from sinks.clickhouse.database import Database
from streams.registry import SchemaRegistry
from tests.parts.deadlines import wait_until
from tests.parts.processes import free_port

SUMMARY = "from an agency's send to the published value, under a steady stream"
WARM_UP_SECONDS = 10
DRAIN_SECONDS = 30
LOOK_EVERY_SECONDS = 0.05
PROMISED = {"p50": 0.5, "p99": 1.5}
QUANTILES = {"p50": 50, "p90": 90, "p95": 95, "p99": 99, "max": 100}
VALUES = """
SELECT area, argMax(value, day) FROM indicator_values
WHERE indicator = 'registrations_7d' AND breakdown = '' AND area IN {areas:Array(String)}
    AND day BETWEEN {today:Date32} - 1 AND {today:Date32}
GROUP BY area
"""


@dataclass(slots=True)
class Watch:
    """When events were sent, by municipality, and what a reader saw of them when."""

    sent: dict[str, list[float]] = field(default_factory=dict)
    seen: list[tuple[float, Mapping[str, int]]] = field(default_factory=list)

    def latencies(self, since: float) -> list[float]:
        """Of every event sent at `since` or later, in seconds. Raises `ContenderError` if one was never seen."""
        found = []
        for area, moments in self.sent.items():
            visible = 0
            for at, values in self.seen:
                while visible < min(values.get(area, 0), len(moments)):
                    if moments[visible] >= since:
                        found.append(at - moments[visible])
                    visible += 1
            if visible < len(moments):
                raise ContenderError(f"{len(moments) - visible} events of {area} were never seen in a value")
        return found


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds at each quantile, and what the parts used meanwhile."""

    events: int
    rate: int
    seconds: Mapping[str, float]
    histogram: Sequence[tuple[float, int]]
    cores_used: float

    @property
    def broken(self) -> Sequence[str]:
        return [
            f"{name} is {self.seconds[name]:.2f} s, promised is less than {most} s"
            for name, most in PROMISED.items()
            if self.seconds[name] >= most
        ]

    def to_json(self) -> Mapping[str, Any]:
        return {
            "bench": "latency",
            "events": self.events,
            "events_per_s": self.rate,
            "ours": {f"{name}_seconds": value for name, value in self.seconds.items()},
            "histogram": [{"up_to_seconds": edge, "events": count} for edge, count in self.histogram],
            "cores_used": self.cores_used,
            "peers": {},
            "limit": None,
            "ratios": {},
        }

    def rendered(self) -> Table:
        quantiles = ", ".join(f"{name} {value:.2f} s" for name, value in self.seconds.items())
        table = Table(
            title=f"{SUMMARY} ({self.events:,} events, {self.rate:,} a second)",
            caption=f"{quantiles}\ncores used by the worker and its ClickHouse: {self.cores_used:.2f}",
            caption_justify="left",
            title_justify="left",
        )
        table.add_column("up to", justify="right")
        table.add_column("events", justify="right")
        table.add_column("")
        most = max(count for _, count in self.histogram)
        for edge, count in self.histogram:
            table.add_row(f"{edge:.1f} s", f"{count:,}", "█" * round(40 * count / most))
        return table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rate", type=positive, default=1_000, help="events a second; default: %(default)s")
    parser.add_argument(
        "--seconds", type=positive, default=60, help="measured, after a warm-up; default: %(default)s"
    )


def run(arguments: argparse.Namespace, console: Console) -> Latency:
    """Raises `ContenderError` when an event was not seen."""
    with (
        tempfile.TemporaryDirectory(prefix="bewithu-latency-") as name,
        console.status("starting") as status,
        _platform(Path(name)) as (settings, schema_id, written),
        closing(connect(settings)) as database,
    ):
        status.update(f"{arguments.rate:,} events a second for {arguments.seconds} s, after a warm-up")
        watch, stop = Watch(), threading.Event()
        reader = threading.Thread(target=_look, args=(database, watch, written, stop), name="reader")
        reader.start()
        try:
            since = time.time() + WARM_UP_SECONDS
            before, begun = time.process_time(), time.monotonic()
            seconds = arguments.seconds + WARM_UP_SECONDS
            watch.sent = _send(settings, schema_id, arguments.rate, seconds, Path(name) / "sent.json")
            cores = (time.process_time() - before) / (time.monotonic() - begun)
            _wait_until_seen(watch)
        finally:
            stop.set()
            reader.join()
    latencies = watch.latencies(since)
    counts, edges = np.histogram(latencies, bins=np.arange(0, max(latencies) + 0.1, 0.1))
    return Latency(
        events=len(latencies),
        rate=arguments.rate,
        seconds={name: round(float(np.percentile(latencies, share)), 3) for name, share in QUANTILES.items()},
        histogram=[
            (round(float(edge), 1), int(count)) for edge, count in zip(edges[1:], counts, strict=True)
        ],
        cores_used=round(cores, 2),
    )


@contextmanager
def _platform(folder: Path) -> Iterator[tuple[Settings, int, threading.Event]]:
    """A worker that takes events, in a thread of this process; its settings and schema id, and what tells of values."""
    with embedded_broker(folder) as broker, Catcher(folder / "mails") as catcher:
        settings = load_settings(
            kafka=Kafka(
                bootstrap_servers=broker,
                partitions=PARTITIONS,
                session_timeout_seconds=SESSION_TIMEOUT_SECONDS,
            ),
            registry=Registry(url="mock://bewithu-latency"),
            clickhouse={"url": f"chdb://{folder / 'clickhouse'}"},
            smtp=Smtp(port=catcher.port),
            http=Http(port=free_port()),
        )
        registry = SchemaRegistry(settings.registry)
        worker = make_worker(settings, SystemClock(), registry)
        loop, stop = asyncio.new_event_loop(), asyncio.Event()
        thread = threading.Thread(target=loop.run_until_complete, args=(worker.run(stop),), name="worker")
        thread.start()
        try:
            wait_until(lambda: worker.readiness().ready, 60, "the worker to be ready")
            schema_id = registry.register(registration_contract())
            yield settings, schema_id, _written(worker.leader)
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join()
            loop.close()


def _send(settings: Settings, schema_id: int, rate: int, seconds: int, times: Path) -> dict[str, list[float]]:
    given = {
        "bootstrap": settings.kafka.bootstrap_servers,
        "topic": registration_contract().topic,
        "schema-id": schema_id,
        "rate": rate,
        "seconds": seconds,
        "times": times,
    }
    words = [word for name, value in given.items() for word in (f"--{name}", str(value))]
    ended = subprocess.run([sys.executable, "-m", "bench.steady_sender", *words], check=False)
    if ended.returncode:
        raise ContenderError(f"the sender ended with exit code {ended.returncode}")
    sent: dict[str, list[float]] = json.loads(times.read_text())
    return sent


def _written(leader: Leader) -> threading.Event:
    """Set whenever values were written; the reader clears it."""
    written, told = threading.Event(), leader.on_values

    def tell() -> None:
        written.set()
        told()

    leader.on_values = tell
    return written


def _look(database: Database, watch: Watch, written: threading.Event, stop: threading.Event) -> None:
    while not stop.is_set():
        if not written.wait(LOOK_EVERY_SECONDS):
            continue
        written.clear()
        rows = database.rows(VALUES, areas=areas(), today=brussels_day(datetime.now(UTC)))
        values = {area: int(value) for area, value in rows}
        if not watch.seen or watch.seen[-1][1] != values:
            watch.seen.append((time.time(), values))


def _wait_until_seen(watch: Watch) -> None:
    """Or until it is clear that some never will be; `Watch.latencies` says which."""
    deadline = time.monotonic() + DRAIN_SECONDS
    expected = {area: len(moments) for area, moments in watch.sent.items()}
    while (not watch.seen or watch.seen[-1][1] != expected) and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY_SECONDS)
