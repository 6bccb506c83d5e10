"""One, two and four workers on one topic and one ClickHouse: what each further worker brings, and what bounds it.

Real `bewithu worker` processes, Apache Kafka, a topic of eight partitions, and ClickHouse over HTTP. The workers
have joined their group and stand still while the events are published; then they all go at once.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
from confluent_kafka import Producer
from rich.console import Console
from rich.table import Table

from bench.arguments import positive, positives
from bench.crew import Crew, crew
from bench.errors import ContenderError, PublishError
from bench.parts import known_schema, started_broker
from bench.registrations import encoded_registrations, registration_contract
from tests.parts.kafka import ApacheKafka
from tests.parts.processes import running
from tests.parts.registry import SchemaRegistry
from tests.parts.topics import create_topic

SUMMARY = "several workers: events per second, and what bounds them"
DEFAULT_EVENTS = 400_000
PARTITIONS = 8
SLOWEST_EVENTS_PER_S = 2_000
#: From this share of all cores on, the machine itself is what bounds a run.
BUSY = 0.85


@dataclass(frozen=True, slots=True)
class Point:
    """One number of workers on the curve. CPU times are of the workers, of ClickHouse and of the broker."""

    workers: int
    events_per_s: float
    events_per_cpu_s: float
    seconds: float
    workers_cpu_s: float
    clickhouse_cpu_s: float
    broker_cpu_s: float
    machine_busy: float

    @property
    def cpu_seconds(self) -> Mapping[str, float]:
        return {
            "the workers": self.workers_cpu_s,
            "ClickHouse": self.clickhouse_cpu_s,
            "the broker": self.broker_cpu_s,
        }


@dataclass(frozen=True, slots=True)
class Curve:
    """All points of one run, in the order of their workers."""

    events: int
    points: Sequence[Point]
    cores: int
    broken: Sequence[str] = ()

    @property
    def ratios(self) -> Mapping[str, float]:
        """Events per second, each divided by the first point's."""
        first = self.points[0].events_per_s
        return {str(point.workers): round(point.events_per_s / first, 3) for point in self.points}

    @property
    def bound(self) -> str:
        return what_bounds(self.points[-1], self.cores)

    def to_json(self) -> Mapping[str, Any]:
        return {
            "bench": "scale",
            "events": self.events,
            "ours": {str(point.workers): asdict(point) for point in self.points},
            "ratios": dict(self.ratios),
            "bound": self.bound,
        }

    def rendered(self) -> Table:
        table = Table(
            title=f"{SUMMARY} ({self.events:,} events, {PARTITIONS} partitions)",
            caption=self.bound,
            caption_justify="left",
            title_justify="left",
        )
        headings = ("workers", "per s", "ratio", "per CPU s", "seconds", "CPU s", "ClickHouse", "broker")
        for heading in headings:
            table.add_column(heading, justify="right", no_wrap=True)
        for point in self.points:
            table.add_row(
                str(point.workers),
                f"{point.events_per_s:,.0f}",
                f"{self.ratios[str(point.workers)]:.2f}",
                f"{point.events_per_cpu_s:,.0f}",
                f"{point.seconds:.1f}",
                f"{sum(point.cpu_seconds.values()):.1f}",
                f"{point.clickhouse_cpu_s:.1f}",
                f"{point.broker_cpu_s:.1f}",
            )
        return table


def what_bounds(point: Point, cores: int) -> str:
    """From the measured CPU times: the machine, one part that cannot use a further core, or waiting."""
    whole = point.seconds * cores
    ours = sum(point.cpu_seconds.values())
    name, most = max(point.cpu_seconds.items(), key=lambda part: part[1])
    shares = ", ".join(f"{part} {used / ours:.0%}" for part, used in point.cpu_seconds.items())
    split = f"Of the platform's {ours:.1f} CPU seconds with {point.workers} workers: {shares}."
    others = point.machine_busy * whole - ours
    if point.machine_busy >= BUSY:
        foreign = f", a further {others / whole:.0%} by other programs" if others > 0.1 * whole else ""
        return (
            f"The machine bounds it: {point.machine_busy:.0%} of its {cores} cores were busy{foreign}, "
            f"most of it {name}. {split}"
        )
    if name != "the workers" and most / point.seconds >= BUSY:
        return f"{name} bounds it: it kept {most / point.seconds:.1f} of {cores} cores busy. {split}"
    return f"Waiting bounds it: {point.machine_busy:.0%} of the {cores} cores were busy, no part was full. {split}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--events", type=positive, default=DEFAULT_EVENTS, help="default: %(default)s")
    parser.add_argument(
        "--workers", type=positives, default=(1, 2, 4), metavar="1,2,4", help="default: 1,2,4"
    )


def run(arguments: argparse.Namespace, console: Console) -> Curve:
    """Raises `ContenderError` or `PublishError` when a point is worth nothing."""
    registry = SchemaRegistry()
    schema_id = known_schema(registry)
    registry.start()
    with (
        tempfile.TemporaryDirectory(prefix="bewithu-scale-") as name,
        running(registry),
        console.status("starting") as status,
        running(started_broker("kafka", Path(name) / "kafka")) as kafka,
    ):
        assert isinstance(kafka, ApacheKafka)
        topic = create_topic(kafka.bootstrap_servers, registration_contract().topic, PARTITIONS)
        status.update(f"encoding {arguments.events:,} events")
        prefix = b"\0" + schema_id.to_bytes(4, "big")
        messages = [(each.key, prefix + each.datum) for each in encoded_registrations(arguments.events)]
        points = []
        for count in sorted(arguments.workers):
            status.update(f"{count} workers are starting")
            with crew(Path(name) / f"crew-{count}", kafka, registry, topic, count) as made:
                status.update(f"{count} workers take {arguments.events:,} events")
                points.append(_measure(made, kafka.bootstrap_servers, topic, messages))
    return Curve(arguments.events, points, os.cpu_count() or 1)


def _measure(made: Crew, bootstrap: str, topic: str, messages: Sequence[tuple[bytes, bytes]]) -> Point:
    made.hold()
    _publish(bootstrap, topic, messages)
    before, machine, begun = made.cpu_seconds(), psutil.cpu_times(), time.monotonic()
    made.go()
    try:
        made.wait_until_stored(len(messages), 30 + len(messages) / SLOWEST_EVENTS_PER_S)
    except AssertionError as error:
        raise ContenderError(str(error)) from error
    seconds = time.monotonic() - begun
    used = {part: total - before[part] for part, total in made.cpu_seconds().items()}
    busy = _busy(machine, psutil.cpu_times())
    made.check(len(messages))
    return Point(
        workers=len(made.stage.workers),
        events_per_s=round(len(messages) / seconds, 1),
        events_per_cpu_s=round(len(messages) / sum(used.values()), 1),
        seconds=round(seconds, 3),
        workers_cpu_s=round(used["workers"], 3),
        clickhouse_cpu_s=round(used["clickhouse"], 3),
        broker_cpu_s=round(used["broker"], 3),
        machine_busy=round(busy, 3),
    )


def _busy(before: Any, after: Any) -> float:
    """The share of all cores that did something, whoever did it."""
    spent = [now - then for then, now in zip(before, after, strict=True)]
    idle = (after.idle - before.idle) + (after.iowait - before.iowait)
    # Time of guests is counted within that of users.
    return float(1 - idle / sum(spent[:8]))


def _publish(bootstrap: str, topic: str, messages: Sequence[tuple[bytes, bytes]]) -> None:
    producer = Producer(
        {"bootstrap.servers": bootstrap, "linger.ms": 50, "queue.buffering.max.messages": len(messages) + 1}
    )
    for key, value in messages:
        producer.produce(topic, value, key)
    if left := producer.flush(60):
        raise PublishError(f"{bootstrap} did not take {left} of {len(messages)} messages")
