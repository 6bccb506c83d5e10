"""One step of the refresh benchmark in a process of its own: `python -m bench.refreshing <step> <folder> <number>…`."""

from __future__ import annotations

import json
import resource
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from bench.made_facts import about_persons, add_events, fill, last_day
from bench.refresh_peers import today_statement, wrong_view
from schemas.indicators import Counted, Flow, Stock, load_indicators
from sinks.clickhouse.contract_tables import facts_table
from sinks.clickhouse.database import Database
from sinks.clickhouse.indicator_store import ClickHouseIndicators
from sinks.clickhouse.prepare import prepare

INDICATORS = load_indicators(files("streams.indicators"))
COUNTED = {key: found for key, found in INDICATORS.items() if isinstance(found, Counted)}


def fill_and_build(database: Database, facts: int) -> Mapping[str, Any]:
    prepare(database)
    made = fill(database, facts)
    started = time.monotonic()
    _refresh_all(ClickHouseIndicators(database, INDICATORS))
    seconds = time.monotonic() - started
    # What a running store has long done; else the first refreshes would pay for it.
    for table in ("steps", "moves", *(facts_table(contract.event_type) for contract in about_persons())):
        database.run(f"OPTIMIZE TABLE {table} FINAL")
    return {"facts": made, "seconds": round(seconds, 1)}


def refresh(database: Database, facts: int, events: int, rounds: int) -> Mapping[str, Any]:
    indicators = ClickHouseIndicators(database, INDICATORS)
    wall, cpu, changed = [], [], []
    for number in range(rounds + 1):
        add_events(database, facts, events, number)
        started, used = time.monotonic(), time.process_time()
        done = indicators.refresh(datetime.now(UTC))
        if done is None or done.batches == 0:
            raise SystemExit("the refresh took nothing in")
        # What a first refresh brings about is start-up.
        if number:
            wall.append(round(time.monotonic() - started, 3))
            cpu.append(time.process_time() - used)
            changed.append(done.changed_values)
    return {
        "indicators": len(INDICATORS),
        "seconds": statistics.median(wall),
        "cpu_seconds": round(statistics.median(cpu), 3),
        "rounds": wall,
        "changed": round(statistics.median(changed)),
        "peak_rss_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def peers(database: Database, facts: int, events: int) -> Mapping[str, Any]:
    """Today's flows and stocks by plain SQL; and a view that sums as facts come in, with what it gets wrong."""
    started = time.monotonic()
    for found in COUNTED.values():
        if isinstance(found, Flow | Stock):
            database.rows(today_statement(found, last_day()))
    plain = time.monotonic() - started
    return {"plain_sql_seconds": round(plain, 3)} | wrong_view(
        database, lambda: add_events(database, facts, events, 100)
    )


def _refresh_all(indicators: ClickHouseIndicators) -> None:
    while (done := indicators.refresh(datetime.now(UTC))) and done.more:
        pass


STEPS: Mapping[str, Callable[..., Mapping[str, Any]]] = {
    "fill": fill_and_build,
    "refresh": refresh,
    "peers": peers,
}


def main(step: str, folder: str, *numbers: str) -> None:
    with closing(Database.at(f"chdb://{Path(folder).absolute()}")) as database:
        print(json.dumps(STEPS[step](database, *map(int, numbers))))


if __name__ == "__main__":
    main(*sys.argv[1:])
