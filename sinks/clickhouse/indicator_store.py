"""Keeps indicators true to the facts. Every write is state-based: done again, it changes nothing."""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from schemas.contracts import contracts
from schemas.indicators import Counted, Indicators
from sinks.clickhouse.audit import Audit, Audited, choose
from sinks.clickhouse.builder import Builder
from sinks.clickhouse.database import Database, statement
from sinks.clickhouse.description import Description, write_description
from sinks.clickhouse.disclosure_rules import write_rules
from sinks.clickhouse.forgetting import Forgetting, Forgot
from sinks.clickhouse.generations import (
    Generation,
    begin,
    building,
    kept,
    read_generations,
    without_generation,
)
from sinks.clickhouse.indicator_sql import Concern, touched
from sinks.clickhouse.refresh_run import Ahead, Pending, Run
from sinks.clickhouse.step_store import StepStore
from sinks.clickhouse.terms import Terms
from sinks.indicators.moves import Families
from sinks.indicators.packing import are_told_apart
from sinks.indicators.steps import events_of

#: So many batches are taken into one refresh at most; the rest follows in the next.
_BATCHES = 1_000
#: No batch takes so long from the server's clock to its being visible.
_LOOK_BACK_SECONDS = 3_600
_REFRESH = {
    "refresh": pl.UInt64(),
    "known_at": pl.Datetime("ms", "UTC"),
    "batches": pl.List(pl.String()),
    "changed_values": pl.UInt64(),
    "milliseconds": pl.UInt32(),
}


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh did. `more` tells that batches, or subjects of a new definition, are left for the next one.

    `kafka_times`: when the first record of each batch came to Kafka, in ms, where that is known.
    `number` names the refresh, `taken` the batches, in the store and in logs.
    """

    batches: int
    changed_values: int
    seconds: float
    more: bool
    kafka_times: Sequence[int] = ()
    number: int = 0
    taken: Sequence[str] = ()


class ClickHouseIndicators:
    """Takes new batches into all indicators, and works out those that are defined anew. One process at a time."""

    def __init__(
        self, database: Database, indicators: Indicators, description: Description | None = None
    ) -> None:
        """`description`: written down for dashboards, once."""
        self._database = database
        self._description = description
        self._indicators = {name: found for name, found in indicators.items() if isinstance(found, Counted)}
        self._steps = StepStore(database)
        self._builder = Builder(database, self._steps, self._indicators)
        self._forgetting = Forgetting(database)
        self._terms = Terms(database)
        self._generations: Sequence[Generation] = ()
        self._notes = -1
        self._has_rules = False
        self._since = 0
        #: The last refresh that finished, as far as this process knows: what readers read now.
        self.finished = 0

    def refresh(
        self,
        now: datetime,
        on_values: Callable[[], object] = lambda: None,
        leads: Callable[[], bool] = lambda: True,
    ) -> Refreshed | None:
        """Takes in all batches that no finished refresh has; None when there is nothing to do.

        `on_values` is called when the values can be read, before the refresh is noted as finished. `leads` is asked
        before every write: raises `LeadLost` once it says no.
        """
        with self._begun(now, leads) as (ahead, run):
            self._write_rules(run)
            if ahead.leaving:
                self._forgetting.finish(run)
            self._steps.finish_moves(run, ahead.unmoved, self._families())
            unfinished = building(self._generations, self._indicators)
            if not ahead.pending and not unfinished:
                self._look_from(ahead)
                return None
            if ahead.pending:
                self._steps.bring_up(run, self._concerns(ahead), self._families())
                on_values()
            unfinished_still = self._builder.build(run, unfinished)
            batches_still = len(ahead.pending) == _BATCHES
            refreshed = self._finish(run, ahead.pending, more=batches_still or unfinished_still)
            if not batches_still:
                self._look_from(ahead)
            return refreshed

    def audit(
        self, now: datetime, chance: random.Random, leads: Callable[[], bool] = lambda: True
    ) -> Audited | None:
        """Looks at a random sample and puts right what differs from the facts; None while there is none to look at."""
        with self._begun(now, leads) as (ahead, run):
            families = self._families()
            if ahead.unmoved or ahead.leaving or not families:
                return None
            stand = {
                each: self._indicators[each.indicator]
                for each in self._generations
                if (each.indicator, each.number) in families
            }
            sample = choose([each.indicator for each in stand], chance)
            found = Audit(self._database, self._steps, self._builder).look(run, sample, stand, families)
            if not found.is_well:
                self._finish(run, [], more=False)
            return found

    def forget(
        self, now: datetime, cuts: Mapping[str, date], leads: Callable[[], bool] = lambda: True
    ) -> Forgot | None:
        """Takes out events of before the day in `cuts`, by type; values stay. None while there is other work."""
        with self._begun(now, leads) as (ahead, run):
            if ahead.unmoved or ahead.pending or ahead.leaving:
                return None
            if building(self._generations, self._indicators):
                return None
            followed = kept(self._generations, self._indicators)
            found = self._forgetting.forget(run, followed, cuts)
            if found.events:
                self._finish(run, [], more=False)
            return found

    @contextmanager
    def _begun(self, now: datetime, leads: Callable[[], bool]) -> Iterator[tuple[Ahead, Run]]:
        """A run in this process' term; what breaks it off may have left a write on its way."""
        try:
            ahead = self._ahead()
            if self._terms.must_begin(ahead.term):
                Run.begin(ahead, now, leads).require_lead()
                self._terms.begin(ahead.term)
                ahead = self._ahead()
            run = Run.begin(ahead, now, leads)
            self._read_generations(run, ahead.notes)
            yield ahead, run
        except BaseException:
            self._terms.doubt()
            raise

    def _ahead(self) -> Ahead:
        """Looks at all batches once; after that at those of the last hour, when all earlier ones were taken in."""
        (row,) = self._database.rows(statement("refresh_ahead"), limit=_BATCHES, since=self._since)
        ahead = Ahead(*row)
        self.finished = ahead.finished
        return ahead

    def _look_from(self, ahead: Ahead) -> None:
        self._since = max(0, ahead.at - _LOOK_BACK_SECONDS)

    def _read_generations(self, run: Run, notes: int) -> None:
        """Again only when something was noted; begins a generation of every definition that has none."""
        if notes == self._notes:
            return
        self._generations = read_generations(self._database)
        anew = without_generation(self._generations, self._indicators)
        if anew:
            run.require_lead()
            begin(self._database, anew, run.now)
            self._generations = read_generations(self._database)
        self._steps.told_apart = are_told_apart((each.indicator, each.number) for each in self._generations)
        self._notes = notes + len(anew)

    def _write_rules(self, run: Run) -> None:
        """Once: definitions stay as they are while a worker runs."""
        if not self._has_rules:
            write_rules(self._database, self._indicators.values(), run.require_lead)
            if self._description is not None:
                write_description(self._database, self._description, run.require_lead)
            self._has_rules = True

    def _concerns(self, ahead: Ahead) -> Sequence[Concern]:
        """Which indicators look at which of the new events: one concern for all that look at the same types."""
        frames: dict[str, set[int]] = defaultdict(set)
        for _, numbers, topic, _ in ahead.pending:
            if topic in contracts():
                frames[contracts()[topic].event_type].update(numbers)
        by_events: dict[frozenset[str], dict[tuple[str, int], Counted]] = defaultdict(dict)
        for key, found in kept(self._generations, self._indicators).items():
            if events_of(found) & frames.keys():
                by_events[events_of(found)][key] = found
        return [
            Concern(
                number,
                generations,
                touched(sorted(set().union(*(frames[event] for event in events))), number),
            )
            for number, (events, generations) in enumerate(by_events.items())
        ]

    def _families(self) -> Families:
        """Of generations that stand: the others get their moves when they are built."""
        stand = {(each.indicator, each.number) for each in self._generations if each.stands}
        return {
            key: found.breakdowns
            for key, found in kept(self._generations, self._indicators).items()
            if key in stand
        }

    def _finish(self, run: Run, pending: Sequence[Pending], more: bool) -> Refreshed:
        seconds = time.monotonic() - run.started
        batches = [str(batch) for batch, *_ in pending]
        row = (run.number, run.now, batches, run.changed, round(seconds * 1000))
        run.insert(self._database, "refreshes", pl.DataFrame([row], schema=_REFRESH, orient="row"))
        self.finished = run.number
        times = [time for *_, time in pending if time]
        return Refreshed(len(pending), run.changed, seconds, more, times, run.number, batches)
