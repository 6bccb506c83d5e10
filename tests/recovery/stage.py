"""A platform whose ClickHouse can be backed up, lost and restored; and what it has when nothing is left to do."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from typing import Any

from sinks.clickhouse.bookkeeping import Bookkeeping
from sinks.clickhouse.database import Database
from tests.chaos import checks
from tests.chaos.agencies import Agencies, schema_ids
from tests.chaos.ledger import Ledger
from tests.chaos.stage import GROUP, Stage
from tests.chaos.watcher import Watcher
from tests.parts.deadlines import PATIENCE, wait_until
from tests.parts.processes import REPOSITORY

_UNREFRESHED = "SELECT count() FROM batches WHERE batch NOT IN (SELECT arrayJoin(batches) FROM refreshes)"
_UNBUILT = (
    "SELECT uniqExactIf(indicator, newest < 257) FROM"
    " (SELECT indicator, max(upto) AS newest FROM generations GROUP BY indicator)"
)
_VALUES = "SELECT indicator, area, breakdown, day, value FROM indicator_values ORDER BY ALL"


@dataclass(frozen=True, slots=True)
class Done:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


def run(made: Stage, *words: str, **settings: str) -> Done:
    """`bewithu …` as an operator runs it."""
    environment = {
        **made.environment(),
        "BEWITHU_CLICKHOUSE__URL": made.database_url,
        "BEWITHU_CLICKHOUSE__TIMEOUT_SECONDS": "60",
        **settings,
    }
    done = subprocess.run(
        [sys.executable, "-m", "bewithu", *words],
        cwd=REPOSITORY,
        env={**environment, "PATH": "", "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120 * PATIENCE,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def agencies(made: Stage, ledger: Ledger, seed: int, per_second: float = 150) -> Agencies:
    """Publishing since now; the caller stops them."""
    found = Agencies(
        made.kafka.bootstrap_servers, schema_ids(made.schema_ids()), ledger, seed, per_second=per_second
    )
    found.start()
    return found


def published(made: Stage) -> int:
    """Records that are stored."""
    with closing(Database.at(made.database_url)) as database:
        return Bookkeeping(database).books().published


def drain(made: Stage, records: int, url: str | None = None, seconds: float = 90) -> None:
    """Waits until so many are stored, all are in the values, and every indicator is worked out."""
    log = made.workers[-1].process.log
    with closing(Database.at(url or made.database_url)) as database:
        books = Bookkeeping(database)
        wait_until(
            lambda: books.books().published >= records, seconds, f"{records} records to be stored", log=log
        )
        wait_until(lambda: not database.value(_UNREFRESHED), seconds, "the last refresh", log=log)
        wait_until(lambda: not database.value(_UNBUILT), seconds, "every indicator to be worked out", log=log)


def values(url: str) -> Sequence[Sequence[Any]]:
    """Every value that is stored, where it differs from that of the day before: what was put right leaves its days."""
    with closing(Database.at(url)) as database:
        rows = database.rows(_VALUES)
    before = [(None,) * 5, *rows]
    return [
        row
        for row, last in zip(rows, before, strict=False)
        if row[4] != (last[4] if row[:3] == last[:3] else 0)
    ]


def lose_clickhouse(made: Stage) -> None:
    """Its folder is gone; an empty one starts in its place."""
    made.clickhouse.kill()
    shutil.rmtree(made.clickhouse.folder)
    made.clickhouse.folder.mkdir()
    made.clickhouse.restart()


def wait_until_committed(made: Stage, ledger: Ledger) -> None:
    watcher = Watcher(made.kafka.bootstrap_servers, GROUP, made.clickhouse.port, ledger)
    watcher.start()
    try:
        wait_until(
            lambda: watcher.look() and sum(watcher.committed.values()) == len(ledger),
            30,
            "all to be committed",
        )
    finally:
        watcher.stop()


def stop_workers(made: Stage) -> None:
    made.stop()
    made.workers.clear()


def assert_all_is_stored(made: Stage, ledger: Ledger, url: str | None = None) -> None:
    with closing(Database.at(url or made.database_url)) as database:
        found = [check(database, ledger) for check in (checks.books, checks.facts, checks.quarantine)]
    assert not (broken := list(chain(*found))), "\n".join(broken)


def mails_once_evaluated(made: Stage) -> Counter[tuple[str, str]]:
    """Recipient and Message-ID of every mail that arrived, when the rules have been evaluated on all that is stored."""
    audits = metric(made, "bewithu_audits_total")
    # An audit comes after an evaluation, and the second one after another.
    wait_until(lambda: metric(made, "bewithu_audits_total") >= audits + 2, 60, "the rules to be evaluated")
    return Counter(
        (recipient, str(mail.message["Message-ID"]))
        for mail in made.mail.mails
        for recipient in mail.recipients
    )


def metric(made: Stage, name: str) -> float:
    """Of the worker that was started last."""
    with urllib.request.urlopen(f"http://127.0.0.1:{made.workers[-1].port}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return float(next(line for line in lines if line.startswith(f"{name} ")).split()[-1])


def worker_command(*options: str) -> list[str]:
    return [sys.executable, "-m", "bewithu", "--verbose", "worker", *options]
