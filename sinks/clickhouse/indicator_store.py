"""Keeps indicator values true to the facts. Every write is state-based: done again, it changes nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from uuid import UUID

import polars as pl

from bewithu.clock import brussels_day
from bewithu.errors import LeadLost
from schemas.areas import areas
from schemas.contracts import contracts
from schemas.indicators import Flow, Indicators, Ratio, Stock
from sinks.clickhouse.database import Database, statement
from sinks.clickhouse.indicator_sql import (
    Whom,
    everybody,
    existing_steps_statement,
    facts_count_statement,
    facts_statement,
    touched,
)
from sinks.indicators.revisions import Stamps, Wanted, revisions, stamped, wanted, wanted_whole, whole_ratio
from sinks.indicators.steps import difference, steps_of
from sinks.indicators.values import moves_of

#: So many batches are taken into one refresh at most; the rest follows in the next.
_BATCHES = 1_000
#: Areas of which whole series are in memory at once.
_AREAS_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh did. `more` tells that batches are left for the next one."""

    batches: int
    changed_values: int
    seconds: float
    more: bool


@dataclass(slots=True)
class _Run:
    """A refresh under way. `finished` is the number of the last one that finished, `number` its own, so far."""

    number: int
    finished: int
    now: datetime
    started: float
    leads: Callable[[], bool]
    changed: int = 0

    def require_lead(self) -> None:
        """Asked before every write."""
        if not self.leads():
            raise LeadLost("another worker leads, or may soon: the refresh is left to it")

    def exceed(self, found: pl.DataFrame) -> None:
        """Takes a number above those of refreshes that broke off (column `newest`), which may be of another clock.

        Else their steps would count again in the next refresh, and their values would hide ours.
        """
        self.number = max(self.number, (found.select(pl.col("newest").max()).item() or 0) + 1)


class ClickHouseIndicators:
    """Refreshes values after new batches, and rebuilds those whose definition changed. One process at a time."""

    def __init__(self, database: Database, indicators: Indicators) -> None:
        self._database = database
        self._counts = [found for found in indicators.values() if isinstance(found, Flow | Stock)]
        self._ratios = [found for found in indicators.values() if isinstance(found, Ratio)]
        self._indicators = indicators
        self._delays = {found.id: found.usual_delay_days for found in indicators.values()}
        self._definitions_stand = False

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
        rebuilt = self._rebuild_changed_definitions(now, leads)
        pending = self._database.rows(statement("pending_batches"), limit=_BATCHES)
        if not pending:
            return rebuilt
        _, _, _, finished = pending[0]
        run = _begin(now, finished, leads)
        events = {contracts()[topic].event_type for _, _, topic, _ in pending if topic in contracts()}
        frames = sorted({frame for _, frames, *_ in pending for frame in frames})
        self._add_steps(run, [found for found in self._counts if found.event in events], touched(frames))
        self._write_moved(run, self._ratios)
        on_values()
        return self._finish(run, [batch for batch, *_ in pending], more=len(pending) == _BATCHES)

    def _rebuild_changed_definitions(self, now: datetime, leads: Callable[[], bool]) -> Refreshed | None:
        """None when the stored values rest on our definitions; asked until they do, as ours never change."""
        if self._definitions_stand:
            return None
        known = {
            name: fingerprint for name, fingerprint, *_ in self._database.rows(statement("definitions_known"))
        }
        changed = [found for found in self._indicators.values() if known.get(found.id) != found.fingerprint]
        if not changed:
            self._definitions_stand = True
            return None
        anew = [found for found in changed if isinstance(found, Ratio)]
        sides = {side for found in anew for side in (found.numerator, found.denominator)}
        rebuilt = [found for found in self._counts if found in changed or found.id in sides]
        run = _begin(now, self._database.value("SELECT max(refresh) FROM refreshes"), leads)
        sizes = self._database.rows(facts_count_statement({found.event for found in self._counts}))
        for whom in everybody(sum(size for (size,) in sizes)):
            self._add_steps(run, rebuilt, whom)
        self._write_moved(run, [found for found in self._ratios if found not in anew])
        for ratio in anew:
            self._write_whole(run, ratio)
        refreshed = self._finish(run, [], more=True)
        run.require_lead()
        self._database.insert(
            "indicator_definitions",
            ["indicator", "fingerprint", "minimum_cell"],
            [[found.id, found.fingerprint, found.minimum_cell] for found in changed],
        )
        return refreshed

    def _finish(self, run: _Run, batches: Sequence[UUID], more: bool) -> Refreshed:
        seconds = time.monotonic() - run.started
        run.require_lead()
        self._database.insert(
            "refreshes",
            ["refresh", "known_at", "batches", "changed_values", "milliseconds"],
            [[run.number, run.now, list(batches), run.changed, round(seconds * 1000)]],
        )
        return Refreshed(len(batches), run.changed, seconds, more)

    def _add_steps(self, run: _Run, indicators: Iterable[Flow | Stock], whom: Whom) -> None:
        """Brings the steps of these persons to what their events say."""
        by_event = groupby(sorted(indicators, key=attrgetter("event")), key=attrgetter("event"))
        made, ids = [], list[str]()
        for event, group in by_event:
            found = list(group)
            facts = self._database.frame(facts_statement(event, found, whom), **whom.parameters)
            made.append(steps_of(facts, found))
            ids += [indicator.id for indicator in found]
        if not made:
            return
        existing = self._database.frame(existing_steps_statement(whom), indicators=ids, **whom.parameters)
        missing = difference(pl.concat(made), existing)
        run.require_lead()
        self._database.insert_frame(
            "contributions", missing.with_columns(refresh=pl.lit(run.number, pl.UInt64))
        )

    def _write_moved(self, run: _Run, ratios: Sequence[Ratio]) -> None:
        """New revisions of all that the steps since the last finished refresh change."""
        cells = self._database.frame(statement("changed_cells"), finished=run.finished)
        run.exceed(cells)
        moves = moves_of(cells)
        if len(moves):
            stored = self._stored(run, wanted(moves, ratios))
            self._insert_values(run, revisions(moves, stored, ratios))

    def _write_whole(self, run: _Run, ratio: Ratio) -> None:
        """A ratio that is new or defined anew. Its sides are written by now: their first values may be of this run."""
        for codes in _in_parts(sorted(areas()), _AREAS_AT_ONCE):
            stored = self._stored(run, wanted_whole(ratio, codes))
            self._insert_values(run, whole_ratio(ratio, stored))

    def _stored(self, run: _Run, needed: Wanted) -> pl.DataFrame:
        stored = self._database.frame(
            statement("stored_values"),
            finished=run.finished,
            day_before=needed.day_before,
            indicators=needed.indicators,
            areas=needed.areas,
            breakdowns=needed.breakdowns,
        )
        run.exceed(stored)
        return stored.drop("newest")

    def _insert_values(self, run: _Run, values: pl.DataFrame) -> None:
        run.changed += len(values)
        stamps = Stamps(run.number, run.now, brussels_day(run.now), self._delays)
        run.require_lead()
        self._database.insert_frame("indicator_values", stamped(values, stamps))


def _begin(now: datetime, finished: int, leads: Callable[[], bool]) -> _Run:
    return _Run(max(finished + 1, time.time_ns() // 1000), finished, now, time.monotonic(), leads)


def _in_parts(codes: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (codes[start : start + size] for start in range(0, len(codes), size))
