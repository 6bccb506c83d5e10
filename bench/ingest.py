"""From Kafka to stored facts: registrations per CPU second, ours beside its peers and the limit.

The events are published first; then each contender, one after the other, reads the whole topic into an empty
ClickHouse. Peers write into a plain table without the contract's rules, which favours them
(bench/peers/facts_table.py).
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from rich.console import Console

from bench.arguments import chosen, positive
from bench.contenders import LIMIT, OURS, PEERS, Contender, run_contender
from bench.parts import known_schema, started_broker
from bench.peers.facts_table import COLUMNS
from bench.protocol import Task
from bench.publish import publish_registrations
from bench.registrations import registration_contract
from bench.report import Comparison, Figures
from tests.parts.processes import running
from tests.parts.registry import SchemaRegistry
from tests.parts.topics import create_topic

SUMMARY = "from Kafka to stored facts: registrations per CPU second"
NOTE = (
    "Faust, Quix Streams and the hand loop store into a plain table: no rules, no quarantine. "
    "The limit is librdkafka's consume alone plus ClickHouse reading the same Avro from a file."
)
DEFAULT_EVENTS = 1_000_000
CONTENDERS: Mapping[str, Contender] = {each.name: each for each in (OURS, *PEERS, LIMIT)}
BROKERS = ("tansu", "kafka")

PARTITIONS = 4
OURS_MEMORY_MIB = 1536


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--events", type=positive, default=DEFAULT_EVENTS, help="default: %(default)s")
    parser.add_argument(
        "--only",
        type=partial(chosen, CONTENDERS),
        default=tuple(CONTENDERS),
        metavar="NAME,NAME",
        help=f"some of {', '.join(CONTENDERS)}; default: all",
    )
    parser.add_argument("--broker", choices=BROKERS, default=BROKERS[0], help="default: %(default)s")


def run(arguments: argparse.Namespace, console: Console) -> Comparison:
    """Progress goes to `console`. Raises `ContenderError` or `PublishError` when the run is worth nothing."""
    _check_columns()
    with tempfile.TemporaryDirectory(prefix="bewithu-bench-") as name:
        folder = Path(name)
        with (
            running(started_broker(arguments.broker, folder / "broker")) as broker,
            _registry() as (registry, schema_id),
        ):
            bootstrap = broker.bootstrap_servers
            avro = folder / "registrations.avro"
            topic = create_topic(bootstrap, registration_contract().topic, PARTITIONS)
            publish_registrations(bootstrap, schema_id, arguments.events, avro, console)
            task = Task(bootstrap, topic, "bench", registry, folder, arguments.events, avro)
            figures = {
                contender: _measure(CONTENDERS[contender], task, console)
                for contender in CONTENDERS
                if contender in arguments.only
            }
    return _compare(figures, f"{SUMMARY} ({arguments.events:,} events, {arguments.broker})")


def _measure(contender: Contender, task: Task, console: Console) -> Figures:
    folder = task.path / contender.name
    folder.mkdir()
    own = Task(
        task.bootstrap,
        task.topic,
        f"bench-{contender.name}",
        task.registry,
        folder / "clickhouse",
        task.events,
        task.avro,
    )
    with console.status(f"{contender.name.replace('_', ' ')} takes {task.events:,} events"):
        figures = Figures.of(run_contender(contender, own, task.path / f"{contender.name}.log"))
    shutil.rmtree(folder)
    return figures


def _compare(figures: Mapping[str, Figures], title: str) -> Comparison:
    ours = figures.get(OURS.name)
    broken = []
    if ours and ours.peak_rss_mib >= OURS_MEMORY_MIB:
        broken.append(
            f"ours took {ours.peak_rss_mib:.0f} MiB of memory, promised is less than {OURS_MEMORY_MIB}"
        )
    peers = {peer.name: figures[peer.name] for peer in PEERS if peer.name in figures}
    return Comparison("ingest", ours, peers, figures.get(LIMIT.name), tuple(broken), title, NOTE)


@contextmanager
def _registry() -> Iterator[tuple[str, int]]:
    """A registry that knows all contracts: its URL, and the id of the registration's schema."""
    registry = SchemaRegistry()
    schema_id = known_schema(registry)
    registry.start()
    with running(registry):
        yield registry.url, schema_id


def _check_columns() -> None:
    fields = [field.name for field in registration_contract().fields]
    if fields != list(COLUMNS):
        raise ValueError(
            f"COLUMNS in bench/peers/facts_table.py are {list(COLUMNS)}, the contract's fields {fields}"
        )
