"""The store as the alerts want it: published readings and texts of indicators."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from alerts.backtest import Moment
from alerts.judging import Series
from alerts.ports import IndicatorText, Publisher
from schemas.agencies import agency_names
from schemas.alerting import Reading
from schemas.areas import LANGUAGES, around
from schemas.indicators import Indicator, Indicators, counts_persons, is_sum
from sinks.clickhouse.bookkeeping import Bookkeeping
from sinks.clickhouse.changes import Changes, Mark
from sinks.clickhouse.known_then import Then
from sinks.clickhouse.published import Cell, PublishedValues
from sinks.indicators.values import counted_sides

#: More than rules ask for on one day; another day asks for others.
_KEPT = 100


class PublishedReadings:
    """The `Readings` of alerts/ports.py."""

    def __init__(
        self, published: PublishedValues, bookkeeping: Bookkeeping, changes: Changes, indicators: Indicators
    ) -> None:
        self._published = published
        self._bookkeeping = bookkeeping
        self._changes = changes
        self._indicators = indicators
        self._read: dict[tuple[str, Sequence[str], date, int], Series] = {}
        self._mark = Mark(0, 0)

    def series(self, indicator: str, areas: Sequence[str], until: date, days: int) -> Series:
        """Read anew when a value moved: rules are evaluated more often, and mostly judge days that are complete."""
        asked = (indicator, tuple(areas), until, days)
        self._drop_what_moved()
        found = self._read.pop(asked, None)
        # Last, so that what is asked for no more is the first to go.
        self._read[asked] = found or self._series(*asked)
        if len(self._read) > _KEPT:
            del self._read[next(iter(self._read))]
        return self._read[asked]

    def _drop_what_moved(self) -> None:
        mark = self._changes.mark()
        if mark == self._mark:
            return
        moved = self._changes.since(self._mark) if mark.notes == self._mark.notes else None
        self._mark = mark
        self._read = {
            asked: series
            for asked, series in self._read.items()
            if moved is not None and not self._has_moved(asked[0], asked[2], moved)
        }

    def _has_moved(self, indicator: str, until: date, moved: Mapping[str, date]) -> bool:
        sides = counted_sides([self._indicators[indicator]], self._indicators)
        return any(side in moved and moved[side] <= until for side in sides)

    def _series(self, indicator: str, areas: Sequence[str], until: date, days: int) -> Series:
        since = until - timedelta(days=days - 1)
        parents = [around(code) for code in areas]
        stood = self._published.generations_behind(indicator)
        read = self._published.numbers(indicator, sorted({*areas, *parents}), since, until)
        # One that was taken away while it was read has numbers in no area, which is no silence.
        is_whole = bool(stood) and self._published.generations_behind(indicator) == stood
        numbers = {str(code): rows.sort("day") for (code,), rows in read.group_by("area")}

        def column(name: str, codes: Sequence[str]) -> npt.NDArray[np.float64]:
            return np.array([numbers[code][name].to_numpy() for code in codes], np.float64)

        return Series(
            values=column("value", areas),
            parents=column("value", parents),
            numerators=column("numerator", areas)[:, -1],
            denominators=column("denominator", areas)[:, -1],
            silent=np.array([is_whole and numbers[code]["silent"][-1] for code in areas]),
            nothing=_of_nothing(self._indicators[indicator]),
        )

    def history(self, indicator: str, area: str, until: date, days: int) -> Sequence[Reading]:
        since = until - timedelta(days=days - 1)
        return [
            _reading(cell)
            for cell in self._published.totals([indicator], [area], since, until)
            if cell.was_heard
        ]

    def last_heard(self, agencies: Sequence[str]) -> Mapping[str, datetime]:
        """`cpas` is heard when any `cpas-…` is."""
        heard: dict[str, datetime] = {}
        for agency, recorded_at in self._bookkeeping.last_recorded().items():
            for code in (agency, agency.partition("-")[0]):
                if code in agencies:
                    heard[code] = max(recorded_at, heard.get(code, recorded_at))
        return heard


def indicator_text(indicator: Indicator) -> IndicatorText:
    """What a mail says about an indicator."""
    return IndicatorText(
        id=indicator.id,
        names={language: indicator.name.in_language(language) for language in LANGUAGES},
        explanations={language: indicator.explanation.in_language(language) for language in LANGUAGES},
        unit=indicator.unit,
        batch=indicator.minimum_cell if counts_persons(indicator) else 1,
        delay_days=indicator.usual_delay_days,
        publishers=tuple(Publisher(code, agency_names(code)) for code in indicator.publishers),
    )


def indicator_texts(indicators: Indicators) -> dict[str, IndicatorText]:
    return {name: indicator_text(indicator) for name, indicator in indicators.items()}


def _reading(cell: Cell) -> Reading:
    value = 0.0 if cell.is_few else cell.value
    return Reading(cell.indicator, cell.area, cell.day, value, cell.provisional)


def _of_nothing(indicator: Indicator) -> float:
    return 0.0 if is_sum(indicator) else math.nan


class Known(Protocol):
    """As `KnownThen`."""

    def numbers(
        self, indicator: str, areas: Sequence[str], moments: Sequence[Then], lags: Sequence[int]
    ) -> pl.DataFrame: ...


class KnownHistory:
    """The `History` of alerts/backtest.py."""

    def __init__(self, known: Known, indicators: Indicators) -> None:
        self._known = known
        self._indicators = indicators

    def series_then(
        self, indicator: str, areas: Sequence[str], moments: Sequence[Moment], lags: Collection[int]
    ) -> Series:
        parents = [around(code) for code in areas]
        codes = sorted({*areas, *parents})
        numbers = self._known.numbers(
            indicator, codes, [Then(moment.at, moment.day) for moment in moments], sorted(lags, reverse=True)
        ).sort("moment", "area", "day")
        shape = (len(moments), len(codes), len(lags))
        read = {
            name: numbers[name].to_numpy().reshape(shape)
            for name in ("value", "numerator", "denominator", "silent")
        }
        place = {code: number for number, code in enumerate(codes)}
        own, theirs = ([place[code] for code in chosen] for chosen in (areas, parents))
        days = np.full((*shape[:2], 1 + max(lags)), np.nan)
        days[..., [max(lags) - lag for lag in sorted(lags, reverse=True)]] = read["value"]
        return Series(
            values=days[:, own],
            parents=days[:, theirs],
            numerators=read["numerator"][:, own, -1],
            denominators=read["denominator"][:, own, -1],
            silent=read["silent"][:, own, -1],
            nothing=_of_nothing(self._indicators[indicator]),
        )
