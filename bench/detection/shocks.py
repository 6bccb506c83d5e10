"""What goes wrong: changes of what was told, so that a shocked world and its twin differ in nothing else.

Large is what a coordinator would want to hear of at once: an influx of at least three times as many certificates in a
province for a week and of a hundred persons more; an agency of the whole country or of a region that stops, on which
figures rest daily; an agency that tells everything twice, with at least a hundred certificates or arrivals in emergency
housing a week; a site of at least a hundred places that closes. Anything less is small. A drift is never large: it has
no first day.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Final, Literal

import polars as pl

from bench.detection.places import municipalities_in
from bench.detection.told import Told
from bewithu.clock import BRUSSELS
from bewithu.simulator.acts import CAPACITY, Act
from bewithu.simulator.lateness import publishing_delay, recording_delay
from bewithu.simulator.moments import day_number

Kind = Literal["influx", "drift", "silence", "double", "closure"]
KINDS: Final[tuple[Kind, ...]] = ("influx", "drift", "silence", "double", "closure")
LARGE_PERSONS: Final = 100
LARGE_TIMES: Final = 3
LARGE_PLACES: Final = 100
SMALL_PLACES: Final = 30
INFLUX_DAYS: Final = 7
DRIFT_A_WEEK: Final = 1.05
DRIFT_WEEKS: Final = 12
#: An agency that tells of everything twice does so for as long.
DOUBLE_DAYS: Final = 14


@dataclass(frozen=True, slots=True)
class Shock:
    """`what`: the province, agency or site. `place`: the area that is hit. `times`: so many times an influx's usual."""

    kind: Kind
    is_large: bool
    what: str
    place: str
    since: date
    times: int = 1

    @property
    def name(self) -> str:
        times = f" ×{self.times}" if self.kind == "influx" else ""
        return f"{'large' if self.is_large else 'small'} {self.kind}{times} {self.what} {self.since}"


@dataclass(frozen=True, slots=True)
class Change:
    """`told`: the shocked world's. `subjects`: whom it says something else of. `first`: when the messages about the
    first day that is hit were published, or would have been. `days`: those on which anything more happened; every day
    when None.
    """

    told: Told
    subjects: Collection[str]
    first: pl.Series
    days: frozenset[date] | None = None


def applied(shock: Shock, told: Told, seed: int) -> Change:
    """The same for the same seed."""
    match shock.kind:
        case "influx":
            return _influx(shock, told)
        case "drift":
            return _drift(shock, told, seed)
        case "silence":
            return _silence(shock, told)
        case "double":
            return _double(shock, told)
        case "closure":
            return _closure(shock, told, seed)


def midnight(day: date) -> datetime:
    """In Brussels; UTC."""
    return datetime.combine(day, time(), BRUSSELS).astimezone(UTC)


def certified(told: Told, since: date, until: date) -> pl.DataFrame:
    """The certificates of these days without `until`."""
    happened = pl.col("occurred_at").is_between(midnight(since), midnight(until), closed="left")
    return (
        told["registration"]
        .filter((pl.col("status") == "certified") & happened)
        .unique("subject", keep="first")
    )


def places_on(told: Told, day: date) -> pl.DataFrame:
    """subject, agency, municipality, site, places of each site at the beginning of a day, as was told by then."""
    return (
        told["reception_capacity"]
        .filter((pl.col("occurred_at") < midnight(day)) & (pl.col("published_at") < midnight(day)))
        .sort("occurred_at")
        .group_by("subject", maintain_order=True)
        .last()
        .select("subject", "agency", "municipality", "site", "places", "site_type")
    )


def _influx(shock: Shock, told: Told) -> Change:
    """Each person who gets a certificate there in that week comes so many times, with all that follows."""
    until = shock.since + timedelta(days=INFLUX_DAYS)
    there = pl.col("municipality").is_in(municipalities_in(shock.place))
    persons = certified(told, shock.since, until).filter(there)["subject"]
    return _more(told, dict.fromkeys(range(1, shock.times), persons))


def _drift(shock: Shock, told: Told, seed: int) -> Change:
    """In the n-th week 1.05 to the n-th times as many certificates: of the households as many more come twice."""
    random = Random(f"{seed}/drift")
    chosen: list[str] = []
    for week in range(1, DRIFT_WEEKS + 1):
        begin = shock.since + timedelta(weeks=week - 1)
        persons = certified(told, begin, begin + timedelta(weeks=1)).sort("household", "subject")
        more = {
            household
            for household in persons["household"].unique(maintain_order=True)
            if random.random() < DRIFT_A_WEEK**week - 1
        }
        chosen += persons.filter(pl.col("household").is_in(list(more)))["subject"].to_list()
    return _more(told, {1: pl.Series(chosen, dtype=pl.String)})


def _more(told: Told, copies: Mapping[int, pl.Series]) -> Change:
    """Persons besides those whom they are copies of."""
    made = {
        event: pl.concat(
            [
                frame.filter(pl.col("subject").is_in(persons.implode())).with_columns(
                    pl.format("{}~{}", name, pl.lit(copy)).alias(name)
                    for name in ("subject", "household", "event_id")
                )
                for copy, persons in copies.items()
            ]
        )
        for event, frame in told.items()
    }
    arrived = made["registration"].filter(pl.col("status") == "certified")
    subjects = arrived["subject"].unique().to_list()
    return Change(_with(told, made), subjects, *_of_first_day(arrived))


def _silence(shock: Shock, told: Told) -> Change:
    """From that day on the agency publishes nothing: neither what happens then, nor what it was still to tell."""
    lost = (pl.col("agency") == shock.what) & (pl.col("published_at") >= midnight(shock.since))
    subjects = pl.concat([frame.filter(lost)["subject"] for frame in told.values()]).unique()
    kept = {event: frame.filter(~lost) for event, frame in told.items()}
    # When the day is over, all that it should have heard from the agency is missing.
    missing = pl.Series([midnight(shock.since + timedelta(days=1))], dtype=pl.Datetime("ms", "UTC"))
    return Change(kept, subjects.to_list(), missing)


def _double(shock: Shock, told: Told) -> Change:
    """The agency sends everything about these days a second time, under other event ids."""
    end = midnight(shock.since + timedelta(days=DOUBLE_DAYS))
    happened = pl.col("occurred_at").is_between(midnight(shock.since), end, closed="left")
    doubles = {
        event: frame.filter((pl.col("agency") == shock.what) & happened).with_columns(
            pl.format("{}~2", "event_id").alias("event_id")
        )
        for event, frame in told.items()
        if event != "agency_heartbeat"
    }
    every = pl.concat([frame.select("subject", "occurred_at", "published_at") for frame in doubles.values()])
    return Change(_with(told, doubles), every["subject"].unique().to_list(), *_of_first_day(every))


def _closure(shock: Shock, told: Told, seed: int) -> Change:
    """The site is told to be closed at noon. Its residents stay in the municipality's other sites."""
    frame = told["reception_capacity"]
    (site,) = places_on(told, shock.since).filter(pl.col("subject") == shock.what).to_dicts()
    closed = midnight(shock.since) + timedelta(hours=12)
    act = Act(day_number(shock.since) + 0.5, CAPACITY, "closed", site["agency"], site["municipality"], {})
    random = Random(f"{seed}/{shock.what}")
    late = timedelta(days=recording_delay(random, act, 0) + publishing_delay(random, act))
    row = {
        "subject": site["subject"],
        "household": None,
        "event_id": f"{site['subject']}~closed",
        "revision": 0,
        "cancelled": False,
        "agency": site["agency"],
        "municipality": site["municipality"],
        "occurred_at": closed,
        "published_at": closed + late,
        "places": 0,
        "site": site["site"],
        "site_type": site["site_type"],
        "status": "closed",
    }
    told_later = (pl.col("subject") == site["subject"]) & (pl.col("occurred_at") >= closed)
    made = pl.DataFrame([row], schema=frame.schema)
    rest = {**told, "reception_capacity": pl.concat([frame.filter(~told_later), made])}
    return Change(rest, [site["subject"]], made["published_at"])


def _with(told: Told, more: Mapping[str, pl.DataFrame]) -> Told:
    return {
        event: pl.concat([frame, more[event]]) if event in more else frame for event, frame in told.items()
    }


def _of_first_day(messages: pl.DataFrame) -> tuple[pl.Series, frozenset[date]]:
    """When what happened on the first day was published, and all days on which anything happened."""
    days = messages.with_columns(day=pl.col("occurred_at").dt.convert_time_zone("Europe/Brussels").dt.date())
    first = days.filter(pl.col("day") == pl.col("day").min())["published_at"]
    return first, frozenset(days["day"].unique())
