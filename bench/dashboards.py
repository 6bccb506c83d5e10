"""How long Grafana waits: every query of every dashboard, against a store that is there already.

The store is a folder of the embedded engine, brought to this version first: use a copy. The queries are those that
Grafana sends, for one area and indicator after another; of each the median of its rounds, after a first one.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from alerts.rules import load_rules
from bench.arguments import positive
from bench.errors import ContenderError
from bewithu.fitting.description import description
from schemas.contracts import contracts
from schemas.indicators import load_indicators
from sinks.clickhouse.contract_tables import facts_table
from sinks.clickhouse.database import Database
from sinks.clickhouse.description import write_description
from sinks.clickhouse.feed_log import FeedLog
from sinks.clickhouse.prepare import prepare
from tests.dashboards.expansion import Chosen, expanded
from tests.dashboards.texts import Query, queries, variable_queries

SUMMARY = "every query of Grafana's dashboards on a store that is there"
MOST_MS = 300.0
#: Of a stock, a flow with the most moves of all, and one that is worked out from two others.
INDICATORS = ("persons_protected", "integration_finished_90d", "share_protected_on_living_wage")
AREAS = ("BE", "62063")
#: All that is kept of what was known earlier is by person: to tell it, all of it is read, as the board does.
READS_ALL = "published_revisions"


@dataclass(frozen=True, slots=True)
class Timed:
    """A query and its slowest choice. Milliseconds: wall time, and CPU time of all threads."""

    query: str
    indicator: str
    area: str
    milliseconds: float
    cpu_milliseconds: float
    reads_all: bool


@dataclass(frozen=True, slots=True)
class Timings:
    facts: int
    feeds_seconds: float
    timed: Sequence[Timed]

    @property
    def broken(self) -> Sequence[str]:
        return [
            f"{each.query} takes {each.milliseconds:.0f} ms, promised is {MOST_MS:.0f} ms at most"
            for each in self.timed
            if each.milliseconds > MOST_MS and not each.reads_all
        ]

    def to_json(self) -> Mapping[str, Any]:
        ours = {each.query: asdict(each) for each in self.timed}
        return {
            "bench": "dashboards",
            "facts": self.facts,
            "ours": ours,
            "feeds_seconds": self.feeds_seconds,
            "peers": {},
            "limit": None,
            "ratios": {},
        }

    def rendered(self) -> Table:
        table = Table(title=f"{SUMMARY} ({self.facts:,} facts)", title_justify="left")
        for heading in ("query", "slowest for", "in", "ms", "CPU ms"):
            table.add_column(heading)
        for each in sorted(self.timed, key=lambda each: -each.milliseconds):
            figures = (f"{each.milliseconds:.0f}", f"{each.cpu_milliseconds:.0f}")
            table.add_row(each.query, each.indicator, each.area, *figures)
        return table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--store", type=Path, metavar="FOLDER", help="needed; a copy: it is migrated")
    parser.add_argument("--rounds", type=positive, default=5, help="default: %(default)s")
    parser.add_argument(
        "--last-day", type=date.fromisoformat, default=datetime.now(UTC).date(), help="default: today"
    )


def run(arguments: argparse.Namespace, console: Console) -> Timings:
    """Raises `ContenderError` where there is no store."""
    if arguments.store is None or not arguments.store.is_dir():
        raise ContenderError(f"there is no store at {arguments.store}: name a folder with --store")
    with (
        closing(Database.at(f"chdb://{arguments.store.absolute()}")) as database,
        console.status("preparing") as status,
    ):
        prepare(database)
        indicators = load_indicators(files("streams.indicators"))
        write_description(database, description(indicators, load_rules(indicators)))
        begun = time.monotonic()
        FeedLog(database).note(datetime.now(UTC))
        feeds = time.monotonic() - begun
        timed = []
        for query in [
            *queries(),
            *(Query(place, "", "table", "A", sql) for place, sql in variable_queries()),
        ]:
            status.update(query.place)
            timed.append(_slowest(database, query, arguments.last_day, arguments.rounds))
        facts = sum(
            int(database.value(f"SELECT count() FROM {facts_table(contract.event_type)}"))
            for contract in contracts().values()
        )
    return Timings(facts, round(feeds, 2), timed)


def _slowest(database: Database, query: Query, last: date, rounds: int) -> Timed:
    """Of all choices that the query depends on."""
    chosen = [
        (indicator, area)
        for indicator in (INDICATORS if "indicator:" in query.sql else INDICATORS[:1])
        for area in (AREAS if "area:" in query.sql else AREAS[:1])
    ]
    found = [_timed(database, query, last, rounds, indicator, area) for indicator, area in chosen]
    return max(found, key=lambda each: each.milliseconds)


def _timed(database: Database, query: Query, last: date, rounds: int, indicator: str, area: str) -> Timed:
    values = {
        "language": "en", "area": area, "indicator": indicator, "headline": indicator, "rule": "registrations_country",
    }  # fmt: skip
    sql = expanded(query.sql, Chosen(last - timedelta(days=90), last, values))
    wall, cpu = [], []
    for number in range(rounds + 1):
        begun, used = time.monotonic(), time.process_time()
        database.rows(sql)
        if number:
            wall.append((time.monotonic() - begun) * 1000)
            cpu.append((time.process_time() - used) * 1000)
    return Timed(
        query.place,
        indicator if "indicator:" in query.sql or "headline:" in query.sql else "",
        area if "area:" in query.sql else "",
        round(statistics.median(wall), 1),
        round(statistics.median(cpu), 1),
        READS_ALL in query.sql,
    )
