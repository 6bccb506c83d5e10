"""A campaign: agencies publish, things break at random moments, then everything is mended and checked.

The same seed gives the same decks of failures and the same events; only the moments at which they meet differ.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bewithu.clock import brussels_day
from sinks.clickhouse.bookkeeping import Bookkeeping
from sinks.clickhouse.database import Database
from tests.chaos import checks
from tests.chaos.agencies import Agencies, schema_ids
from tests.chaos.ledger import Ledger
from tests.chaos.stage import GROUP, Stage, wait_for_workers
from tests.chaos.watcher import Watcher
from tests.parts.deadlines import wait_until

MOST_WORKERS = 3
#: The share of requests to ClickHouse that meet a fault while the campaign runs.
FAULT_RATE = 0.15
DRAIN_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Findings:
    """`injected`: how often each failure. `checked`: what was compared. `broken` is empty when all promises held."""

    seed: int
    seconds: float
    injected: Mapping[str, int]
    checked: Mapping[str, int]
    figures: Mapping[str, float]
    broken: tuple[str, ...]

    def __str__(self) -> str:
        injected = ", ".join(f"{count} x {name}" for name, count in sorted(self.injected.items()))
        checked = ", ".join(f"{count} {name}" for name, count in self.checked.items())
        return f"seed {self.seed}: injected {injected}; checked {checked}"


@dataclass(slots=True)
class Campaign:
    """One run on a stage without workers. `tell` is given one line for each thing that happens."""

    stage: Stage
    seed: int
    tell: Callable[[str], None] = lambda line: None
    per_second: float = 120
    ledger: Ledger = field(default_factory=Ledger)
    injected: Counter[str] = field(default_factory=Counter)

    def run(self, seconds: float) -> Findings:
        """Breaks things for so long. Raises AssertionError when what is mended does not work again."""
        begun = time.monotonic()
        wait_for_workers(self.stage, 2)
        watcher = Watcher(self.stage.kafka.bootstrap_servers, GROUP, self.stage.clickhouse.port, self.ledger)
        agencies = Agencies(
            self.stage.kafka.bootstrap_servers,
            schema_ids(self.stage.schema_ids()),
            self.ledger,
            self.seed,
            self.per_second,
        )
        watcher.start()
        agencies.start()
        try:
            self.stage.proxy.rate = FAULT_RATE
            self._break_things(seconds, watcher)
            self._mend()
            agencies.stop()
            drained = self._drain(watcher)
        finally:
            watcher.stop()
        return self._findings(watcher, agencies, time.monotonic() - begun, drained)

    def _break_things(self, seconds: float, watcher: Watcher) -> None:
        chance = random.Random(self.seed)
        acts = (
            self._kill_worker,
            self._kill_worker,
            self._add_worker,
            self._remove_worker,
            self._kill_broker,
            self._kill_clickhouse,
            self._close_endpoint,
        )
        deck = chance.sample(acts, len(acts))
        end, pause, done = time.monotonic() + seconds, threading.Event(), 0
        # However short the campaign, everything happens once.
        while time.monotonic() < end or done < len(acts):
            deck = deck or chance.sample(acts, len(acts))
            act = deck.pop()
            name = act.__name__.strip("_").replace("_", " ")
            self.tell(name)
            act(chance)
            self.injected[name] += 1
            done += 1
            watcher.look()
            self.injected["worker that ended by itself"] += self.stage.restart_ended_workers()
            pause.wait(chance.uniform(0.5, 2.5))
        proxy = self.stage.proxy
        wait_until(lambda: len(proxy.injected) == len(proxy.faults), 60, "every fault of the proxy")

    def _kill_worker(self, chance: random.Random) -> None:
        worker = chance.choice(self.stage.workers)
        worker.process.kill()
        self.stage.workers.remove(worker)
        self.stage.start_worker()

    def _add_worker(self, chance: random.Random) -> None:
        if len(self.stage.workers) < MOST_WORKERS:
            self.stage.start_worker()

    def _remove_worker(self, chance: random.Random) -> None:
        if len(self.stage.workers) > 1:
            worker = self.stage.workers.pop(chance.randrange(len(self.stage.workers)))
            worker.stop()

    def _kill_broker(self, chance: random.Random) -> None:
        self.stage.kafka.kill()
        threading.Event().wait(chance.uniform(0, 3))
        self.stage.kafka.restart()

    def _kill_clickhouse(self, chance: random.Random) -> None:
        self.stage.clickhouse.kill()
        threading.Event().wait(chance.uniform(0, 3))
        self.stage.clickhouse.restart()

    def _close_endpoint(self, chance: random.Random) -> None:
        self.stage.proxy.go_away()
        threading.Event().wait(chance.uniform(0.5, 4))
        self.stage.proxy.start()

    def _mend(self) -> None:
        """No more failures. No worker is restarted here: those that live must go on by themselves."""
        self.tell("mended; the backlog drains")
        self.stage.proxy.rate = 0
        self.injected.update(self.stage.proxy.injected)
        self.injected = +self.injected

    def _drain(self, watcher: Watcher) -> float:
        """Waits until all is stored, refreshed and committed; returns the seconds that it took."""
        begun, total = time.monotonic(), len(self.ledger)
        with closing(Database.at(self.stage.database_url)) as database:
            bookkeeping = Bookkeeping(database)
            self._wait(lambda: bookkeeping.books().published >= total, f"all {total} records to be stored")
            self._wait(lambda: not _unrefreshed(database), "the last refresh")
            self._wait(lambda: not _unbuilt(database), "every indicator to be worked out")
        self._wait(lambda: watcher.look() and sum(watcher.committed.values()) >= total, "the last commit")
        return time.monotonic() - begun

    def _wait(self, condition: Callable[[], Any], what: str) -> None:
        def tried() -> Any:
            self.injected["worker that ended by itself"] += self.stage.restart_ended_workers()
            return condition()

        wait_until(tried, DRAIN_SECONDS, what, log=self.stage.workers[0].process.log, every=0.5)

    def _findings(self, watcher: Watcher, agencies: Agencies, seconds: float, drained: float) -> Findings:
        told = [
            (recipient, str(mail.message["Message-ID"]))
            for mail in self.stage.mail.mails
            for recipient in mail.recipients
        ]
        with closing(Database.at(self.stage.database_url)) as database:
            different, compared = checks.values(database, self.ledger, brussels_day(datetime.now(UTC)))
            broken = [
                *watcher.broken[:5],
                *checks.kafka_has_what_it_acknowledged(self.stage, self.ledger),
                *checks.books(database, self.ledger),
                *checks.facts(database, self.ledger),
                *checks.quarantine(database, self.ledger),
                *different,
                *checks.secrets(database, agencies.secrets),
                *checks.mails(told),
            ]
        if watcher.records < len(self.ledger):
            broken.append(f"the watcher saw {watcher.records} of {len(self.ledger)} records committed")
        checked = {
            "published records": len(self.ledger),
            **{f"{kind} events": count for kind, count in sorted(self.ledger.kinds().items())},
            "indicator values": compared,
            "mails": len(told),
            "looks at committed offsets": watcher.looks,
        }
        figures = {"seconds": round(seconds, 1), "drain_seconds": round(drained, 1)}
        return Findings(self.seed, seconds, dict(+self.injected), checked, figures, tuple(broken))


def _unbuilt(database: Database) -> int:
    """Indicators that are still worked out from all facts, and have no values until then."""
    return int(
        database.value(
            "SELECT uniqExactIf(indicator, newest < 257) FROM"
            " (SELECT indicator, max(upto) AS newest FROM generations GROUP BY indicator)"
        )
    )


def _unrefreshed(database: Database) -> int:
    """Batches that no finished refresh has taken in."""
    return int(
        database.value(
            "SELECT count() FROM batches WHERE batch NOT IN (SELECT arrayJoin(batches) FROM refreshes)"
        )
    )
