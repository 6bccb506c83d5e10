"""From an agency's send to the published value: seconds, under a steady stream of events.

One real `bewithu worker`, Apache Kafka, ClickHouse over HTTP. Every event is a certificate of today, and those of one
partition are all of one municipality: so they become visible in the order in which they were sent, and the value of
that municipality tells which of them it holds. A reader of its own looks at `indicator_values` all the time; what an
event took is the moment at which an answer first held it, minus the moment at which it was handed to the producer.
"""

from __future__ import annotations

import argparse
import secrets
import tempfile
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from confluent_kafka import Producer
from rich.console import Console
from rich.table import Table

from bench.arguments import positive
from bench.crew import crew
from bench.errors import ContenderError
from bench.parts import known_schema, started_broker
from bench.registrations import registration_contract
from bewithu.clock import brussels_day
from schemas.areas import municipalities
from schemas.contracts import parsed_schema
from schemas.examples import good_examples, wire_value
from sinks.clickhouse.database import Database
from tests.parts.kafka import ApacheKafka
from tests.parts.processes import running
from tests.parts.registry import SchemaRegistry
from tests.parts.topics import create_topic

SUMMARY = "from an agency's send to the published value, under a steady stream"
PARTITIONS = 4
WARM_UP_SECONDS = 10
DRAIN_SECONDS = 30
LOOK_EVERY_SECONDS = 0.02
PROMISED = {"p50": 0.5, "p99": 1.5}
QUANTILES = {"p50": 50, "p90": 90, "p95": 95, "p99": 99, "max": 100}
VALUES = """
SELECT area, argMax(value, (day, refresh)) FROM indicator_values
WHERE indicator = 'registrations_7d' AND breakdown = '' AND area IN {areas:Array(String)} AND day <= {today:Date32}
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
    cpu_share: Mapping[str, float]

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
            "cores_used": dict(self.cpu_share),
            "peers": {},
            "limit": None,
            "ratios": {},
        }

    def rendered(self) -> Table:
        shares = ", ".join(f"{part} {share:.2f}" for part, share in self.cpu_share.items())
        quantiles = ", ".join(f"{name} {value:.2f} s" for name, value in self.seconds.items())
        table = Table(
            title=f"{SUMMARY} ({self.events:,} events, {self.rate:,} a second)",
            caption=f"{quantiles}\ncores used: {shares}",
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
    registry = SchemaRegistry()
    schema_id = known_schema(registry)
    registry.start()
    with (
        tempfile.TemporaryDirectory(prefix="bewithu-latency-") as name,
        running(registry),
        console.status("starting") as status,
        running(started_broker("kafka", Path(name) / "kafka")) as kafka,
    ):
        assert isinstance(kafka, ApacheKafka)
        topic = create_topic(kafka.bootstrap_servers, registration_contract().topic, PARTITIONS)
        with crew(Path(name) / "crew", kafka, registry, topic, 1) as made:
            status.update(f"{arguments.rate:,} events a second for {arguments.seconds} s")
            watch = Watch()
            url = made.stage.database_url
            stop = threading.Event()
            reader = threading.Thread(target=_look, args=(url, watch, stop), name="reader")
            reader.start()
            try:
                since = time.time() + WARM_UP_SECONDS
                _send(kafka.bootstrap_servers, topic, schema_id, arguments.rate, WARM_UP_SECONDS, watch)
                before, begun = made.cpu_seconds(), time.monotonic()
                _send(kafka.bootstrap_servers, topic, schema_id, arguments.rate, arguments.seconds, watch)
                took = time.monotonic() - begun
                used = {part: total - before[part] for part, total in made.cpu_seconds().items()}
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
        cpu_share={part: round(seconds / took, 2) for part, seconds in used.items()},
    )


def _areas() -> list[str]:
    """One municipality for each partition."""
    current = [nis for nis, place in municipalities().items() if place.valid_to is None]
    return sorted(current)[:PARTITIONS]


def _send(bootstrap: str, topic: str, schema_id: int, rate: int, seconds: int, watch: Watch) -> None:
    """At a steady pace, one event after the other."""
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 5, "acks": "all"})
    example = next(each.event for each in good_examples() if each.name.endswith("certificate_at_heysel"))
    schema, areas = parsed_schema(topic), _areas()
    begun = time.monotonic()
    for number in range(rate * seconds):
        ahead = begun + number / rate - time.monotonic()
        if ahead > 0:
            producer.poll(0)
            time.sleep(ahead)
        partition = number % PARTITIONS
        now = datetime.now(UTC).replace(microsecond=0)
        event = {
            **example,
            "event_id": uuid.uuid4(),
            "person": f"{secrets.randbits(124):031x}a",
            "occurred_at": now,
            "recorded_at": now,
            "municipality": areas[partition],
            "valid_until": None,
        }
        value = wire_value(schema, event, schema_id)
        watch.sent.setdefault(areas[partition], []).append(time.time())
        producer.produce(topic, value, event["person"].encode(), partition=partition)
    if left := producer.flush(30):
        raise ContenderError(f"the broker did not take {left} events")


def _look(url: str, watch: Watch, stop: threading.Event) -> None:
    with closing(Database.at(url)) as database:
        while not stop.is_set():
            rows = database.rows(VALUES, areas=_areas(), today=brussels_day(datetime.now(UTC)))
            values = {area: int(value) for area, value in rows}
            if not watch.seen or watch.seen[-1][1] != values:
                watch.seen.append((time.time(), values))
            stop.wait(LOOK_EVERY_SECONDS)


def _wait_until_seen(watch: Watch) -> None:
    deadline = time.monotonic() + DRAIN_SECONDS
    expected = {area: len(moments) for area, moments in watch.sent.items()}
    while not watch.seen or watch.seen[-1][1] != expected:
        if time.monotonic() > deadline:
            return
        time.sleep(LOOK_EVERY_SECONDS)
