"""Which shocks a seed's world is given: where, whom and when is drawn, how large is worked out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

import polars as pl

from bench.detection.places import municipalities_in
from bench.detection.series import FLOWS
from bench.detection.shocks import (
    DRIFT_WEEKS,
    INFLUX_DAYS,
    LARGE_PERSONS,
    LARGE_PLACES,
    LARGE_TIMES,
    SMALL_PLACES,
    Shock,
    certified,
    midnight,
    places_on,
)
from bench.detection.told import Told
from bewithu.simulator.competence import EMPLOYMENT_SERVICES, INTEGRATION_AGENCIES, MINISTRIES, REGIONS
from schemas.areas import COUNTRY, Level, covering

#: Agencies of the country or of a region whose feeds say daily that they are alive.
DAILY: Final = (
    "dvz",
    "fedasil",
    *REGIONS.values(),
    *MINISTRIES.values(),
    *EMPLOYMENT_SERVICES,
    *INTEGRATION_AGENCIES,
)
#: Whose events flows are made of: who tells of a stock twice changes nothing.
_OF_FLOWS: Final = ("dvz", "fedasil")
#: CPAS of large cities whose feeds say nothing of themselves between two months.
_QUIET: Final = ("cpas-11002", "cpas-62063", "cpas-21004", "cpas-31005")
#: A shock comes no earlier than so many days after the first evaluation, and no later than so many before the last.
SETTLED: Final = 7
LEFT: Final = 24
#: An influx needs certificates to multiply, and no factor that nobody would believe.
_MOST_TIMES: Final = 40


@dataclass(frozen=True, slots=True)
class Period:
    """Evaluated on every morning from `since` to `until`, both included."""

    since: date
    until: date


def chosen(told: Told, period: Period, seed: int) -> Sequence[Shock]:
    """The same for the same seed: nine shocks and a drift, fewer where nothing is as large as asked for."""
    random = Random(f"{seed}/shocks")
    days = (period.until - period.since).days - SETTLED - LEFT

    def day() -> date:
        return period.since + timedelta(days=SETTLED + random.randint(0, max(0, days)))

    return [
        *_influxes(told, random, day),
        Shock("drift", False, COUNTRY, COUNTRY, _drift_begins(period)),
        *(Shock("silence", True, agency, COUNTRY, day()) for agency in random.sample(DAILY, 2)),
        Shock("silence", False, quiet := random.choice(_QUIET), quiet.partition("-")[2], day()),
        *(_double(told, agency, day()) for agency in _OF_FLOWS),
        *_closures(told, random, day),
    ]


def _drift_begins(period: Period) -> date:
    """So that all its weeks are evaluated, if the period is long enough."""
    latest = period.until - timedelta(weeks=DRIFT_WEEKS)
    return max(period.since, min(latest, period.since + timedelta(days=SETTLED)))


def _influxes(told: Told, random: Random, day: Callable[[], date]) -> Iterator[Shock]:
    provinces = [area.code for area in covering(Level.PROVINCE)]
    random.shuffle(provinces)
    large = 0
    for province in provinces:
        since = day()
        usual = _certificates(told, province, since)
        times = max(LARGE_TIMES, 1 + math.ceil(LARGE_PERSONS / usual)) if usual else _MOST_TIMES + 1
        if large < 2 and times <= _MOST_TIMES:
            large += 1
            yield Shock("influx", True, province, province, since, times)
        elif large == 2 and 0 < usual < LARGE_PERSONS:
            yield Shock("influx", False, province, province, since, 2)
            return


def _certificates(told: Told, province: str, since: date) -> int:
    there = pl.col("municipality").is_in(municipalities_in(province))
    return len(certified(told, since, since + timedelta(days=INFLUX_DAYS)).filter(there))


def _double(told: Told, agency: str, since: date) -> Shock:
    week = pl.col("occurred_at").is_between(
        midnight(since), midnight(since + timedelta(days=7)), closed="left"
    )
    told_once = (
        told[event].filter((pl.col("agency") == agency) & week, **fields) for event, fields in FLOWS.values()
    )
    is_large = any(frame["event_id"].n_unique() >= LARGE_PERSONS for frame in told_once)
    return Shock("double", is_large, agency, COUNTRY, since)


def _closures(told: Told, random: Random, day: Callable[[], date]) -> Iterator[Shock]:
    for is_large, most in ((True, 2), (False, 1)):
        since = day()
        least, below = (LARGE_PLACES, math.inf) if is_large else (SMALL_PLACES, LARGE_PLACES)
        sites = places_on(told, since).filter((pl.col("places") >= least) & (pl.col("places") < below))
        rows = sites.sort("subject").to_dicts()
        random.shuffle(rows)
        for site in rows[:most]:
            yield Shock("closure", is_large, site["subject"], site["municipality"], since)
