"""Keeps indicator values true to the facts. Every statement is state-based: done again, it changes nothing."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from bewithu.clock import brussels_day
from schemas.contracts import contracts
from schemas.indicators import Flow, Indicators, Ratio, Stock
from sinks.clickhouse.database import Database, statement
from sinks.clickhouse.indicator_sql import EVERYBODY, TOUCHED, contributions_statement

#: So many batches are taken into one refresh at most; the rest follows in the next.
_BATCHES = 1_000
#: For a few records, threads cost more than they bring: a third of such a refresh.
_FEW_RECORDS = 10_000
_SMALL: Mapping[str, Any] = {"max_threads": 1}


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh did. `more` tells that batches are left for the next one."""

    batches: int
    changed_values: int
    seconds: float
    more: bool


class ClickHouseIndicators:
    """Refreshes values after new batches, and rebuilds those whose definition changed. One process at a time."""

    def __init__(self, database: Database, indicators: Indicators) -> None:
        self._database = database
        self._counts = [found for found in indicators.values() if isinstance(found, Flow | Stock)]
        self._ratios = [found for found in indicators.values() if isinstance(found, Ratio)]
        self._indicators = indicators
        self._definitions_stand = False

    def refresh(self, now: datetime) -> Refreshed | None:
        """Takes in all batches that no finished refresh has; None when there is nothing to do."""
        rebuilt = self._rebuild_changed_definitions(now)
        pending = self._database.rows(statement("pending_batches"), limit=_BATCHES)
        if not pending:
            return rebuilt
        frames = sorted({frame for _, frames, *_ in pending for frame in frames})
        batches = [batch for batch, *_ in pending]
        events = {contracts()[topic].event_type for _, _, topic, _ in pending if topic in contracts()}
        counts = [found for found in self._counts if found.event in events]
        settings = _SMALL if sum(records for *_, records in pending) <= _FEW_RECORDS else {}
        return self._run(
            counts, TOUCHED, frames, batches, now, more=len(pending) == _BATCHES, settings=settings
        )

    def _rebuild_changed_definitions(self, now: datetime) -> Refreshed | None:
        """None when the stored values rest on our definitions; asked until they do, as ours never change."""
        if self._definitions_stand:
            return None
        known: dict[str, str] = {}
        for indicator, fingerprint in self._database.rows(
            "SELECT indicator, argMax(fingerprint, rebuilt_at) FROM indicator_definitions GROUP BY indicator"
        ):
            known[indicator] = fingerprint
        changed = [found for found in self._indicators.values() if known.get(found.id) != found.fingerprint]
        if not changed:
            self._definitions_stand = True
            return None
        sides = {
            side
            for found in changed
            if isinstance(found, Ratio)
            for side in (found.numerator, found.denominator)
        }
        counts = [found for found in self._counts if found in changed or found.id in sides]
        anew = [found for found in changed if isinstance(found, Ratio)]
        refreshed = self._run(counts, EVERYBODY, [], [], now, more=True, anew=anew)
        self._database.insert(
            "indicator_definitions",
            ["indicator", "fingerprint", "minimum_cell"],
            [[found.id, found.fingerprint, found.minimum_cell] for found in changed],
        )
        return refreshed

    def _run(
        self,
        counts: Sequence[Flow | Stock],
        subjects: str,
        frames: Sequence[int],
        batches: Sequence[UUID],
        now: datetime,
        more: bool,
        anew: Sequence[Ratio] = (),
        settings: Mapping[str, Any] = MappingProxyType({}),
    ) -> Refreshed:
        started = time.monotonic()
        finished = self._database.value("SELECT max(refresh) FROM refreshes")
        # Above the number of a crashed refresh too, even if that had another machine's clock.
        begun = self._database.value("SELECT max(refresh) FROM changed_series")
        refresh = max(finished + 1, begun + 1, time.time_ns() // 1000)
        if counts:
            self._database.run(
                contributions_statement(counts, subjects), settings, frames=list(frames), refresh=refresh
            )
        self._database.run(statement("insert_changed_series"), settings, refresh=refresh, finished=finished)
        self._insert_values(refresh, now, anew, settings)
        changed = self._database.value(
            "SELECT count() FROM indicator_values WHERE refresh = {refresh:UInt64}", refresh=refresh
        )
        seconds = time.monotonic() - started
        self._database.insert(
            "refreshes",
            ["refresh", "known_at", "batches", "changed_values", "milliseconds"],
            [[refresh, now, list(batches), changed, round(seconds * 1000)]],
        )
        return Refreshed(len(batches), changed, seconds, more)

    def _insert_values(
        self, refresh: int, now: datetime, anew: Sequence[Ratio], settings: Mapping[str, Any]
    ) -> None:
        known_at = now.replace(tzinfo=None)
        today = brussels_day(now)
        self._database.run(
            statement("insert_values"),
            settings,
            refresh=refresh,
            known_at=known_at,
            today=today,
            ids=[found.id for found in self._counts],
            delays=[found.usual_delay_days for found in self._counts],
        )
        changed = {
            indicator
            for (indicator,) in self._database.rows(
                "SELECT DISTINCT indicator FROM changed_series WHERE refresh = {refresh:UInt64}",
                refresh=refresh,
            )
        }
        for ratio in self._ratios:
            if ratio not in anew and not changed & {ratio.numerator, ratio.denominator}:
                continue
            sides = {"ratio": ratio.id, "numerator": ratio.numerator, "denominator": ratio.denominator}
            where = "insert_every_ratio" if ratio in anew else "insert_changed_ratios"
            self._database.run(statement(where), settings, refresh=refresh, **sides)
            self._database.run(
                statement("insert_ratios"),
                settings,
                refresh=refresh,
                known_at=known_at,
                settled=today - timedelta(days=ratio.usual_delay_days),
                **sides,
            )
