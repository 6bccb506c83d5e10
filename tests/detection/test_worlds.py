"""What a bench's world holds is what the platform would have published, and a shock changes just what it says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from bench.detection.choice import Period, chosen
from bench.detection.series import counts_then, ears_areas
from bench.detection.shocks import DOUBLE_DAYS, KINDS, Shock, applied, certified, midnight, places_on
from bench.detection.told import Told, collect, looked_at
from bench.detection.worlds import STEPS_THEN, Catalogue, World, steps_then
from bewithu import simulator
from bewithu.clock import BRUSSELS
from bewithu.simulator import Publication
from schemas.indicators import Counted, load_indicators
from sinks.clickhouse.database import Database
from sinks.clickhouse.known_then import KnownThen, Then
from tests.events import Platform
from tests.makers import Message

INDICATORS = load_indicators(files("streams.indicators"))
UNTIL = date(2022, 4, 5)
PLAN = simulator.Plan(seed=3, until=UNTIL, scale=0.01, malformed=0, corrections=0.1, cancellations=0.05)
MOMENTS = [datetime(2022, 3, 24, 7, tzinfo=UTC) + timedelta(days=number) for number in range(12)]
NAMES = (
    "registrations_7d",
    "persons_emergency_housing",
    "reception_occupancy",
    "reception_unplaced_2d",
    "living_wage_undecided_30d",
    "freshness_agencies",
    "registrations_change_7d",
)
AREAS = ["BE", "02000", "04000", "10000", "60000", "21004", "11002"]


def small(name: str) -> Counted:
    """In totals, with batches that few persons fill."""
    found = INDICATORS[name].model_copy(update={"breakdowns": (), "minimum_cell": 2})
    assert isinstance(found, Counted)
    return found


@pytest.fixture(scope="module")
def publications() -> Sequence[Publication]:
    return list(simulator.simulate(PLAN))


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    sides = (*NAMES[:2], "persons_in_reception", "reception_places", *NAMES[3:6])
    counted = [small(name) for name in sides]
    indicators = {**INDICATORS, **{found.id: found for found in counted}}
    return Catalogue(indicators, counted, looked_at(counted))


@pytest.fixture(scope="module")
def told(publications: Sequence[Publication], catalogue: Catalogue) -> Told:
    return collect(publications, catalogue.looked)


@pytest.fixture(scope="module")
def world(told: Told, catalogue: Catalogue) -> World:
    return World(catalogue.indicators, MOMENTS, steps_then(told, catalogue, MOMENTS))


def taken_day_by_day(platform: Platform, publications: Sequence[Publication]) -> None:
    """All that was published by each moment is taken in, and worked out just then."""
    before = datetime.min.replace(tzinfo=UTC)
    for moment in MOMENTS:
        by_topic: dict[str, list[bytes]] = {}
        for publication in publications:
            if before < publication.published_at <= moment:
                wire = platform.registry.wire(Message(publication.topic, publication.event))
                by_topic.setdefault(publication.topic, []).append(wire)
        platform.clock.moment = moment
        for topic, values in by_topic.items():
            platform.take(topic, 0, values)
        platform.clock.moment = moment - timedelta(hours=1)
        platform.refresh()
        before = moment


def test_its_numbers_are_those_that_the_platform_published(
    database: Database, publications: Sequence[Publication], catalogue: Catalogue, world: World
) -> None:
    platform = Platform(database, {name: catalogue.indicators[name] for name in INDICATORS})
    taken_day_by_day(platform, publications)
    asked = [Then(moment, moment.date() - timedelta(days=1)) for moment in MOMENTS[3:]]
    known = KnownThen(database, catalogue.indicators)
    above_nothing = set()
    for name in NAMES:
        expected = known.numbers(name, AREAS, asked, [7, 1, 0])
        found = world.numbers(name, AREAS, asked, [7, 1, 0])
        order = ["moment", "area", "day"]
        assert_frame_equal(
            found.sort(order), expected.sort(order), check_column_order=False, check_exact=True
        )
        above_nothing |= {name} if found["value"].drop_nulls().sum() > 0 else set()
    assert above_nothing >= {*NAMES[:3]}


def test_steps_of_some_subjects_are_a_part_of_all(told: Told, catalogue: Catalogue, world: World) -> None:
    subjects = pl.concat([frame["subject"] for frame in told.values()]).unique().sort()
    half = subjects[: len(subjects) // 2].to_list()
    rest = subjects[len(subjects) // 2 :].to_list()
    parts = [steps_then(told, catalogue, MOMENTS, part) for part in (half, rest)]
    keys = [name for name in STEPS_THEN if name != "delta"]
    summed = pl.concat(parts).group_by(keys).agg(pl.col("delta").sum()).filter(pl.col("delta") != 0)
    assert_frame_equal(summed.sort(keys), world.steps.sort(keys), check_column_order=False)


def value(world: World, name: str, area: str, moment: int) -> float:
    at = world.moments[moment]
    numbers = world.numbers(name, [area], [Then(at, at.date() - timedelta(days=1))], [0])
    (found,) = numbers["value"].to_list()
    return float(found or 0)


def shocked(shock: Shock, told: Told, catalogue: Catalogue) -> World:
    return World(catalogue.indicators, MOMENTS, steps_then(applied(shock, told, 3).told, catalogue, MOMENTS))


def test_an_influx_of_four_times_as_many_is_four_times_the_certificates(
    told: Told, catalogue: Catalogue, world: World
) -> None:
    since = date(2022, 3, 25)
    shock = Shock("influx", True, "BE", "BE", since, 4)
    change = applied(shock, told, 3)
    week = certified(told, since, since + timedelta(days=7))
    assert len(certified(change.told, since, since + timedelta(days=7))) == 4 * len(week) > 0
    assert len(change.subjects) == 3 * len(week)
    assert change.days
    assert min(change.days) == since
    again = shocked(shock, told, catalogue)
    # All of the window of seven days is in the week that is multiplied; batches are of two.
    assert value(again, "registrations_7d", "BE", 8) > 3.5 * value(world, "registrations_7d", "BE", 8)


def test_an_agency_that_stops_is_heard_of_no_more(told: Told, catalogue: Catalogue, world: World) -> None:
    since = date(2022, 3, 28)
    again = shocked(Shock("silence", True, "dvz", "BE", since), told, catalogue)
    assert value(world, "freshness_agencies", "BE", 8) < 2
    assert value(again, "freshness_agencies", "BE", 8) == (MOMENTS[8].date() - since).days
    change = applied(Shock("silence", True, "dvz", "BE", since), told, 3)
    lost = told["registration"].filter(
        (pl.col("agency") == "dvz") & (pl.col("published_at") >= midnight(since))
    )
    assert len(change.told["registration"]) == len(told["registration"]) - len(lost)
    assert len(lost) > 0


def test_what_is_told_twice_counts_twice_as_an_event_and_once_as_a_person(
    told: Told, catalogue: Catalogue, world: World
) -> None:
    since = date(2022, 3, 24)
    shock = Shock("double", True, "fedasil", "BE", since)
    again = shocked(shock, told, catalogue)
    assert value(again, "persons_emergency_housing", "BE", 9) == value(
        world, "persons_emergency_housing", "BE", 9
    )
    change = applied(shock, told, 3)
    happened = pl.col("occurred_at").is_between(
        midnight(since), midnight(since + timedelta(days=DOUBLE_DAYS)), closed="left"
    )
    twice = told["housing_change"].filter((pl.col("agency") == "fedasil") & happened)
    assert len(change.told["housing_change"]) == len(told["housing_change"]) + len(twice)
    assert change.told["housing_change"]["event_id"].n_unique() == (
        told["housing_change"]["event_id"].n_unique() + twice["event_id"].n_unique()
    )


def test_a_site_that_closes_takes_its_places_with_it(told: Told, catalogue: Catalogue, world: World) -> None:
    since = date(2022, 3, 27)
    site = places_on(told, since).sort("places").row(-1, named=True)
    again = shocked(Shock("closure", True, site["subject"], site["municipality"], since), told, catalogue)
    fewer = value(world, "reception_places", "BE", 11) - value(again, "reception_places", "BE", 11)
    assert fewer == site["places"] > 0


def test_a_drift_grows_from_week_to_week(told: Told) -> None:
    since = date(2022, 3, 7)
    change = applied(Shock("drift", False, "BE", "BE", since), told, 3)
    more = [
        len(certified(change.told, begin, begin + timedelta(weeks=1)))
        / len(certified(told, begin, begin + timedelta(weeks=1)))
        for begin in (since + timedelta(weeks=week) for week in range(4))
    ]
    # By 5 % in the first and 21.6 % in the fourth week, up to chance.
    assert 1 <= more[0] < 1.2
    assert more[3] > 1.05


def test_the_same_seed_is_given_the_same_shocks(told: Told) -> None:
    period = Period(date(2022, 3, 5), UNTIL)
    first, again = chosen(told, period, 7), chosen(told, period, 7)
    assert first == again
    # In a Belgium of a hundredth no site is large enough to close.
    assert {shock.kind for shock in first} == {*KINDS} - {"closure"}
    assert chosen(told, period, 8) != first
    for shock in first:
        assert period.since <= shock.since < period.until


def counted(told: Told, day: date, moment: datetime) -> int:
    """The certificates of a day in the country, as they had been told by then."""
    known = (row for row in told["registration"].to_dicts() if row["published_at"] <= moment)
    happened = {
        row["event_id"]: row["occurred_at"].astimezone(BRUSSELS).date()
        for row in known
        if row["status"] == "certified"
    }
    return sum(each == day for each in happened.values())


def test_daily_counts_are_those_that_were_known(told: Told) -> None:
    counts = counts_then(told, "certificates", MOMENTS)
    assert counts.shape == (len(MOMENTS), len(ears_areas()), 12)
    for moment in (0, 5, 11):
        last = MOMENTS[moment].date() - timedelta(days=1)
        expected = [counted(told, last - timedelta(days=back), MOMENTS[moment]) for back in range(11, -1, -1)]
        assert counts[moment, ears_areas().index("BE")].tolist() == expected
    assert counts.sum() > 0
