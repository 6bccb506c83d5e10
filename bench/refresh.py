"""What a refresh costs beside what is stored: all indicators of the catalogue after 10,000 new events.

For each number of facts a store of its own is filled and worked out; then a new process takes refresh after refresh,
each of new events of which one in twenty is late by up to two months and one in a hundred corrects another. Beside it,
on the same facts: today's flows and stocks by plain SQL, and a materialized view. CPU seconds and the peak memory are
of the whole process, with ClickHouse's threads.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.arguments import positive, positives
from bench.errors import ContenderError

SUMMARY = "a refresh after 10,000 new events, at one and at ten million facts"
DEFAULT_FACTS = (1_000_000, 10_000_000)
LARGE = 50_000_000
DEFAULT_EVENTS = 10_000
ROUNDS = 5
MOST_GROWTH = 1.5
MOST_SECONDS = 1.5
MOST_MIB = 2048


@dataclass(frozen=True, slots=True)
class Cost:
    """With so many facts. Seconds are medians over the rounds; `peak_rss_mib` is the process's."""

    facts: int
    indicators: int
    seconds: float
    cpu_seconds: float
    rounds: Sequence[float]
    changed: int
    peak_rss_mib: float
    build_seconds: float
    plain_sql_seconds: float
    view_seconds: float
    view_wrong: str


@dataclass(frozen=True, slots=True)
class Costs:
    events: int
    costs: Sequence[Cost]

    @property
    def growth(self) -> float:
        return self.costs[-1].seconds / self.costs[0].seconds

    @property
    def broken(self) -> Sequence[str]:
        last, found = self.costs[-1], []
        if len(self.costs) > 1 and self.growth >= MOST_GROWTH:
            found.append(f"the refresh grew {self.growth:.2f} times, promised is less than {MOST_GROWTH}")
        if last.seconds >= MOST_SECONDS:
            found.append(f"a refresh takes {last.seconds:.2f} s, promised is less than {MOST_SECONDS} s")
        if last.peak_rss_mib >= MOST_MIB:
            found.append(f"the peak is {last.peak_rss_mib:,.0f} MiB, promised is less than {MOST_MIB:,} MiB")
        return found

    def to_json(self) -> Mapping[str, Any]:
        last = self.costs[-1]
        return {
            "bench": "refresh",
            "events": self.events,
            "ours": {str(each.facts): asdict(each) for each in self.costs},
            "growth": round(self.growth, 3),
            "peers": {"plain_sql": {"seconds": last.plain_sql_seconds}},
            "limit": None,
            "ratios": {"plain_sql": round(last.seconds / last.plain_sql_seconds, 3)},
        }

    def rendered(self) -> Table:
        table = Table(
            title=f"{self.costs[0].indicators} indicators, {self.events:,} new events",
            caption=f"growth {self.growth:.2f}; a view over the facts: {self.costs[-1].view_wrong}",
            caption_justify="left",
            title_justify="left",
        )
        for heading in ("facts", "refresh", "CPU", "peak", "changed", "plain SQL", "with a view", "built in"):
            table.add_column(heading, justify="right")
        for each in self.costs:
            table.add_row(
                f"{each.facts:,}",
                f"{each.seconds:.2f} s",
                f"{each.cpu_seconds:.2f} s",
                f"{each.peak_rss_mib:,.0f} MiB",
                f"{each.changed:,}",
                f"{each.plain_sql_seconds:.2f} s",
                f"{each.view_seconds:.2f} s",
                f"{each.build_seconds:.0f} s",
            )
        return table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--facts",
        type=positives,
        default=DEFAULT_FACTS,
        help="numbers with commas between them (default: one and ten million)",
    )
    parser.add_argument("--large", action="store_true", help=f"{LARGE:,} facts besides")
    parser.add_argument(
        "--events",
        type=positive,
        default=DEFAULT_EVENTS,
        help="new ones before each refresh (default: %(default)s)",
    )


def run(arguments: argparse.Namespace, console: Console) -> Costs:
    """Every number of facts has a store and processes of its own."""
    sizes = [*arguments.facts, *([LARGE] if arguments.large else [])]
    return Costs(arguments.events, [_measured(facts, arguments.events, console) for facts in sizes])


def _measured(facts: int, events: int, console: Console) -> Cost:
    with tempfile.TemporaryDirectory(prefix="bewithu-refresh-") as folder, console.status("") as status:
        status.update(f"{facts:,} facts: filling and working out all indicators")
        built = _process("fill", folder, facts)
        console.print(f"{built['facts']:,} facts: worked out in {built['seconds']:.0f} s", style="dim")
        status.update(f"{facts:,} facts: {ROUNDS} refreshes of {events:,} new events")
        found = _process("refresh", folder, built["facts"], events, ROUNDS)
        status.update(f"{facts:,} facts: plain SQL and a view")
        peers = _process("peers", folder, built["facts"], events)
    return Cost(facts=built["facts"], build_seconds=built["seconds"], **found, **peers)


def _process(step: str, folder: str, *numbers: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.refreshing", step, folder, *map(str, numbers)]
    ended = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1]
    )
    if ended.returncode:
        raise ContenderError(f"{step} ended with exit code {ended.returncode}:\n{ended.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found
