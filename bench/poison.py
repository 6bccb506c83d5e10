"""What bad records cost: `Intake.take` into chdb, with none of them, one in twenty, or all of them refused.

Before and after every contender the clean one runs again, and its share is of the mean of these two: a machine's speed
drifts by more than what is measured here.

No broker: record batches are built beforehand, as a producer writes them. Agencies are not told. CPU seconds are of
this process, with ClickHouse's threads.
"""

from __future__ import annotations

import argparse
import statistics
import struct
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from aiokafka.record.default_records import DefaultRecordBatchBuilder
from rich.console import Console
from rich.table import Table

from bench.arguments import positive
from bench.errors import BenchError
from bench.registrations import encoded_registrations, registration_contract
from bewithu.clock import SystemClock
from sinks.clickhouse.database import Database
from sinks.clickhouse.fact_store import ClickHouseFactStore
from sinks.clickhouse.prepare import prepare
from streams.batches import RecordBatch
from streams.intake import Intake
from streams.record_batches import read_batch
from streams.writer_schemas import WriterSchemas

SUMMARY = "bad records: events per CPU second with none, one in twenty or all refused"
DEFAULT_EVENTS = 320_000
#: One bad record in so many costs at most two thirds of the speed.
ONE_IN = 20
SLOWEST_SHARE = 1 / 3
RECORDS_A_BATCH = 500
BATCHES_A_TAKE = 320
PARTITIONS = 4
CLEAN = "clean"
_LZ4, _MAGIC = 3, 2
_KNOWN, _UNKNOWN = bytes(4) + b"\x01", bytes(4) + b"\x63"
#: 2026-01-01: behind all events, so that none of them is in the future.
_TIME = 1_767_225_600_000

Spoil = Callable[[bytes], bytes]


def _breaks_a_rule(datum: bytes) -> bytes:
    """The first letter of the agency becomes a digit."""
    agency_at = 1 + 36 + 1 + 1 + 1
    return datum[:agency_at] + b"7" + datum[agency_at + 1 :]


#: What is wrong, how often (one in so many), and how it is made from a datum.
CONTENDERS: Mapping[str, tuple[int, Callable[[bytes], bytes]]] = {
    CLEAN: (0, lambda datum: _KNOWN + datum),
    "rule broken": (ONE_IN, lambda datum: _KNOWN + _breaks_a_rule(datum)),
    "truncated": (ONE_IN, lambda datum: (_KNOWN + datum)[:-3]),
    "overlong": (ONE_IN, lambda datum: _KNOWN + datum + b"\0"),
    "odd identifier": (ONE_IN, lambda datum: _KNOWN + datum[:37].replace(b"-", b"_") + datum[37:]),
    "unknown schema": (ONE_IN, lambda datum: _UNKNOWN + datum),
    "no value": (ONE_IN, lambda datum: b""),
    "all truncated": (1, lambda datum: (_KNOWN + datum)[:-3]),
    "all break a rule": (1, lambda datum: _KNOWN + _breaks_a_rule(datum)),
}


@dataclass(frozen=True, slots=True)
class Cost:
    """One contender: medians over its rounds. `shares` are its speeds as shares of the clean one's."""

    name: str
    events_per_cpu_s: int
    refused: int
    share: float
    shares: Sequence[float]


@dataclass(frozen=True, slots=True)
class Costs:
    events: int
    costs: Sequence[Cost]

    @property
    def broken(self) -> Sequence[str]:
        return [
            f"{each.name}: {each.share:.2f} of the clean speed, promised is {SLOWEST_SHARE:.2f}"
            for each in self.costs
            if CONTENDERS[each.name][0] == ONE_IN and each.share < SLOWEST_SHARE
        ]

    def to_json(self) -> Mapping[str, Any]:
        return {"events": self.events, "contenders": [asdict(each) for each in self.costs]}

    def rendered(self) -> Table:
        table = Table("records", "events per CPU second", "refused", "of the clean speed", "in each round")
        for each in self.costs:
            rounds = " ".join(f"{share:.2f}" for share in each.shares)
            table.add_row(
                each.name, f"{each.events_per_cpu_s:,}", f"{each.refused:,}", f"{each.share:.2f}", rounds
            )
        return table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--events", type=positive, default=DEFAULT_EVENTS, help="how many (default: %(default)s)"
    )
    parser.add_argument(
        "--rounds", type=positive, default=3, help="the median of so many counts (default: %(default)s)"
    )
    parser.add_argument(
        "--only",
        choices=[name for name in CONTENDERS if name != CLEAN],
        nargs="+",
        default=[name for name in CONTENDERS if name != CLEAN],
        help="clean is always measured",
    )


def run(arguments: argparse.Namespace, console: Console) -> Costs:
    """Every contender has a store of its own, and takes the same events."""
    data = [event.datum for event in encoded_registrations(arguments.events)]
    clean = [_measured(CLEAN, data)]
    speeds: dict[str, list[float]] = {name: [] for name in CONTENDERS if name in arguments.only}
    shares: dict[str, list[float]] = {name: [] for name in speeds}
    for number in range(1, arguments.rounds + 1):
        for name in speeds:
            speed = _measured(name, data)
            clean.append(_measured(CLEAN, data))
            share = speed / statistics.mean(clean[-2:])
            speeds[name].append(speed)
            shares[name].append(round(share, 3))
            console.print(
                f"round {number}, {name}: {speed:,.0f} events per CPU second, {share:.2f}", style="dim"
            )
    costs = [Cost(CLEAN, round(statistics.median(clean)), 0, 1.0, [1.0])]
    for name, found in speeds.items():
        share = statistics.median(shares[name])
        refused = _refused(name, data)
        costs.append(Cost(name, round(statistics.median(found)), refused, share, shares[name]))
    return Costs(arguments.events, costs)


def _refused(name: str, data: Sequence[bytes]) -> int:
    every, _ = CONTENDERS[name]
    return len(data) // every if every else 0


def _measured(name: str, data: Sequence[bytes]) -> float:
    """Events per CPU second. Raises `BenchError` unless exactly the bad ones were refused."""
    every, spoil = CONTENDERS[name]
    takes = list(_takes(data, every, spoil))
    with tempfile.TemporaryDirectory(prefix="bewithu-poison-") as folder:
        database = Database.at(f"chdb://{folder}")
        try:
            prepare(database)
            intake = Intake(ClickHouseFactStore(database), WriterSchemas(_Registry()), SystemClock(), 1 << 16)
            # What a first insert brings about is start-up, here of another partition.
            intake.take(*_batches(data[:RECORDS_A_BATCH], 0, CONTENDERS[CLEAN][1], PARTITIONS, 0))
            started, records, refused = time.process_time(), 0, 0
            for take in takes:
                outcome = intake.take(*take)
                records += outcome.records
                refused += len(outcome.refused)
            seconds = time.process_time() - started
        finally:
            database.close()
    expected = _refused(name, data)
    if records != len(data) or refused != expected:
        raise BenchError(f"{name}: {records} records, {refused} refused; expected {len(data)}, {expected}")
    return records / seconds


def _takes(data: Sequence[bytes], every: int, spoil: Spoil) -> Iterator[Sequence[RecordBatch]]:
    step = RECORDS_A_BATCH * BATCHES_A_TAKE
    for start in range(0, len(data), step):
        part = data[start : start + step]
        share = -(-len(part) // PARTITIONS)
        yield [
            batch
            for partition in range(PARTITIONS)
            for batch in _batches(
                part[partition * share : (partition + 1) * share], every, spoil, partition, start
            )
        ]


def _batches(
    data: Sequence[bytes], every: int, spoil: Spoil, partition: int, offset: int
) -> Sequence[RecordBatch]:
    """One fetch of a partition, from `offset` on."""
    log = []
    for start in range(0, len(data), RECORDS_A_BATCH):
        builder = DefaultRecordBatchBuilder(_MAGIC, _LZ4, False, -1, -1, -1, 1 << 30)
        for row, datum in enumerate(data[start : start + RECORDS_A_BATCH]):
            bad = every and (start + row + 1) % every == 0
            value = spoil(datum) if bad else _KNOWN + datum
            builder.append(row, _TIME, None, value or None, [("agency", b"dvz")])
        raw = builder.build()
        struct.pack_into(">q", raw, 0, offset + start)
        batch, _ = read_batch(memoryview(bytes(raw)), 0)
        if batch is not None:
            log.append(batch)
    return [RecordBatch(registration_contract().topic, partition, log=log)] if log else []


class _Registry:
    """Knows the contract's schema under the id 1."""

    def schema(self, schema_id: int) -> str | None:
        return registration_contract().schema_text if schema_id == 1 else None
