"""Keeps indicator values true to the facts. Every statement is state-based: done again, it changes nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from bewithu.clock import brussels_day
from schemas.contracts import contracts
from schemas.indicators import Flow, Indicators, Ratio, Stock
from sinks.clickhouse.changed_series import ChangedSeries, changed_counts, changed_ratios
from sinks.clickhouse.database import Database, statement
from sinks.clickhouse.indicator_sql import EVERYBODY, TOUCHED, contributions_statement

#: So many batches are taken into one refresh at most; the rest follows in the next.
_BATCHES = 1_000
#: For a few records, threads and what joins prepare for many rows cost more than they bring: a third of such a refresh.
_FEW_RECORDS = 10_000
_SMALL: Mapping[str, Any] = {"max_threads": 1, "join_algorithm": "'hash'", "enable_join_runtime_filters": 0}


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

    def refresh(self, now: datetime, on_counts: Callable[[], object] = lambda: None) -> Refreshed | None:
        """Takes in all batches that no finished refresh has; None when there is nothing to do.

        `on_counts` is called when the values of flows and stocks can be read, before ratios are worked out.
        """
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
            counts,
            TOUCHED,
            frames,
            batches,
            now,
            more=len(pending) == _BATCHES,
            settings=settings,
            on_counts=on_counts,
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
        on_counts: Callable[[], object] = lambda: None,
    ) -> Refreshed:
        started = time.monotonic()
        ((finished, begun),) = self._database.rows(statement("refresh_numbers"))
        # Above the number of a crashed refresh too, even if that had another machine's clock.
        refresh = max(finished + 1, begun + 1, time.time_ns() // 1000)
        if counts:
            self._database.run(
                contributions_statement(counts, subjects), settings, frames=list(frames), refresh=refresh
            )
        series = changed_counts(self._database.rows(statement("changed_cells"), finished=finished))
        derived = changed_ratios([found for found in self._ratios if found not in anew], series)
        self._note_series(refresh, {**series, **derived})
        stamps = {"refresh": refresh, "known_at": now.replace(tzinfo=None), "today": brussels_day(now)}
        if series:
            self._insert_counts(series, stamps, settings)
        on_counts()
        if anew:
            # After the counts: their first values may be among those just written.
            every = self._whole_series(anew)
            self._note_series(refresh, every)
            derived = {**derived, **every}
        if derived:
            self._insert_ratios(derived, stamps, settings)
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

    def _note_series(self, refresh: int, series: ChangedSeries) -> None:
        self._database.insert(
            "changed_series",
            ["refresh", "indicator", "area", "breakdown", "since"],
            [[refresh, *names, since] for names, since in series.items()],
        )

    def _whole_series(self, ratios: Sequence[Ratio]) -> ChangedSeries:
        """A ratio that is new or defined anew changes wherever it or one of its sides ever had a value."""
        return {
            (ratio.id, area, breakdown): since
            for ratio in ratios
            for area, breakdown, since in self._database.rows(
                statement("first_days"), indicators=[ratio.id, ratio.numerator, ratio.denominator]
            )
        }

    def _insert_counts(
        self, series: ChangedSeries, stamps: Mapping[str, Any], settings: Mapping[str, Any]
    ) -> None:
        self._database.run(
            statement("insert_counts"),
            settings,
            **stamps,
            earliest=min(series.values()),
            changed=sorted({indicator for indicator, *_ in series}),
            ids=[found.id for found in self._counts],
            delays=[found.usual_delay_days for found in self._counts],
        )

    def _insert_ratios(
        self, series: ChangedSeries, stamps: Mapping[str, Any], settings: Mapping[str, Any]
    ) -> None:
        changed = {indicator for indicator, *_ in series}
        ratios = [found for found in self._ratios if found.id in changed]
        parts = [
            part
            for ratio in ratios
            for part in (
                (ratio.id, ratio.id, "itself"),
                (ratio.id, ratio.numerator, "numerator"),
                (ratio.id, ratio.denominator, "denominator"),
            )
        ]
        self._database.run(
            statement("insert_ratios"),
            settings,
            **stamps,
            parts=parts,
            indicators=sorted({indicator for _, indicator, _ in parts}),
            ids=[found.id for found in ratios],
            delays=[found.usual_delay_days for found in ratios],
        )
