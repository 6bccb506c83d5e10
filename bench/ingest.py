"""From Kafka to stored facts: registrations per CPU second, ours beside its peers and the limit.

The events are published first; then each contender, one after the other, reads the whole topic into an empty
ClickHouse. Peers write into a plain table without the contract's rules, which favours them
(bench/peers/facts_table.py).
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from bench.contenders import LIMIT, OURS, PEERS, Contender, run_contender
from bench.errors import PartMissing
from bench.peers.facts_table import COLUMNS
from bench.protocol import Task
from bench.publish import publish_registrations
from bench.registrations import registration_contract
from bench.report import Comparison, Figures
from schemas.contracts import contracts
from tests.parts.kafka import ApacheKafka
from tests.parts.registry import SchemaRegistry
from tests.parts.tansu import Tansu
from tests.parts.topics import create_topic

SUMMARY = "from Kafka to stored facts: registrations per CPU second"
NOTE = (
    "Faust, Quix Streams and the hand loop store into a plain table: no rules, no quarantine. "
    "The limit is librdkafka's consume alone plus ClickHouse reading the same Avro from a file."
)
DEFAULT_EVENTS = 1_000_000
CONTENDERS: Mapping[str, Contender] = {each.name: each for each in (OURS, *PEERS, LIMIT)}
BROKERS = ("tansu", "kafka")

# How tests/parts says that a part is not on this machine.
PART_IS_MISSING = (pytest.skip.Exception, pytest.fail.Exception)

PARTITIONS = 4
OURS_MEMORY_MIB = 1536


@dataclass(frozen=True, slots=True)
class Options:
    """What to run. `only` is a selection of `CONTENDERS`, `broker` one of `BROKERS`."""

    events: int = DEFAULT_EVENTS
    only: Sequence[str] = tuple(CONTENDERS)
    broker: str = "tansu"


def run(options: Options, console: Console) -> Comparison:
    """Progress goes to `console`. Raises `ContenderError` or `PublishError` when the run is worth nothing."""
    _check_columns()
    with tempfile.TemporaryDirectory(prefix="bewithu-bench-") as name:
        folder = Path(name)
        with _broker(options.broker, folder) as bootstrap, _registry() as (registry, schema_id):
            avro = folder / "registrations.avro"
            topic = create_topic(bootstrap, registration_contract().topic, PARTITIONS)
            publish_registrations(bootstrap, schema_id, options.events, avro, console)
            task = Task(bootstrap, topic, "bench", registry, folder, options.events, avro)
            figures = {
                contender: _measure(CONTENDERS[contender], task, console)
                for contender in CONTENDERS
                if contender in options.only
            }
    return _compare(figures)


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


def _compare(figures: Mapping[str, Figures]) -> Comparison:
    ours = figures.get(OURS.name)
    broken = []
    if ours and ours.peak_rss_mib >= OURS_MEMORY_MIB:
        broken.append(
            f"ours took {ours.peak_rss_mib:.0f} MiB of memory, promised is less than {OURS_MEMORY_MIB}"
        )
    peers = {peer.name: figures[peer.name] for peer in PEERS if peer.name in figures}
    return Comparison("ingest", ours, peers, figures.get(LIMIT.name), tuple(broken))


@contextmanager
def _broker(kind: str, folder: Path) -> Iterator[str]:
    part = ApacheKafka if kind == "kafka" else Tansu
    try:
        broker = part.start(folder / "broker")
    except PART_IS_MISSING as missing:
        raise PartMissing(str(missing)) from missing
    try:
        yield broker.bootstrap_servers
    finally:
        broker.stop()


@contextmanager
def _registry() -> Iterator[tuple[str, int]]:
    """A registry that knows all contracts: its URL, and the id of the registration's schema."""
    registry = SchemaRegistry()
    for contract in contracts().values():
        registry.content.register(contract.subject, contract.schema_text)
    ours = registration_contract()
    schema_id = registry.content.lookup(ours.subject, ours.schema_text).id
    registry.start()
    try:
        yield registry.url, schema_id
    finally:
        registry.stop()


def _check_columns() -> None:
    fields = [field.name for field in registration_contract().fields]
    if fields != list(COLUMNS):
        raise ValueError(
            f"COLUMNS in bench/peers/facts_table.py are {list(COLUMNS)}, the contract's fields {fields}"
        )
