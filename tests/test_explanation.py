"""A value is explained by agencies and numbers of events, and by when it became known; never by persons."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from importlib.resources import files

import pytest

from schemas.indicators import Counted, load_indicators
from sinks.clickhouse.database import Database
from sinks.clickhouse.explanation import Explanations, Learned
from sinks.clickhouse.published import PublishedValues
from tests.events import Platform, benefit_grant, person, registration

INDICATORS = load_indicators(files("streams.indicators"))
MOMENT, DAY = datetime(2025, 3, 3, 12, tzinfo=UTC), date(2025, 3, 3)
LIEGE, SERAING = "62063", "62096"


def counted(name: str) -> Counted:
    found = INDICATORS[name]
    assert isinstance(found, Counted)
    return found


def exact(indicator: Counted) -> Counted:
    """Without a minimum cell all are told as they are."""
    return indicator.model_copy(update={"minimum_cell": 0})


FLOW, STOCK = counted("registrations_7d"), counted("persons_on_living_wage")


@pytest.fixture
def platform(database: Database) -> Platform:
    made = Platform(database)
    made.refresh()
    return made


def told(
    database: Database, indicator: Counted, area: str = "BE", day: date = DAY
) -> list[tuple[str, object, object]]:
    found = Explanations(database).contributions(indicator, area, day)
    return [(each.agency, each.events, each.corrected) for each in found]


def test_events_are_counted_by_agency_in_the_area_and_the_window(platform: Platform) -> None:
    early = datetime(2025, 2, 20, 12, tzinfo=UTC)
    grants = [benefit_grant(person(n), MOMENT, agency="cpas-62063") for n in range(6)]
    others = [
        benefit_grant(person(n), MOMENT, agency="cpas-62096", municipality=SERAING) for n in range(6, 13)
    ]
    platform.send(*grants, *others, *(registration(person(n), MOMENT) for n in range(8)))
    platform.send(*(registration(person(n), early) for n in range(3)))
    platform.refresh()
    assert told(platform.database, exact(STOCK)) == [("cpas-62096", 7, 0), ("cpas-62063", 6, 0)]
    assert told(platform.database, exact(STOCK), LIEGE) == [("cpas-62063", 6, 0)]
    assert told(platform.database, exact(FLOW)) == [("dvz", 8, 0)]
    assert told(platform.database, exact(FLOW), day=date(2025, 2, 1)) == []


def test_an_agency_with_few_events_is_left_out_and_others_are_told_in_batches(platform: Platform) -> None:
    platform.send(*(benefit_grant(person(n), MOMENT, agency="cpas-62063") for n in range(2)))
    platform.send(*(benefit_grant(person(n), MOMENT, agency="cpas-62096") for n in range(2, 9)))
    platform.send(*(benefit_grant(person(n), MOMENT, agency="cpas-44021") for n in range(9, 20)))
    platform.refresh()
    assert told(platform.database, STOCK) == [("cpas-44021", 10, None), ("cpas-62096", 5, None)]


def test_events_are_told_in_batches_since_the_first_one_whatever_window_is_asked_for(
    platform: Platform,
) -> None:
    """Else the windows of two days in a row would tell on which day one person came, and how many are in a batch."""
    arrivals = [1, 3, 3, 4, 5, 7, 8, 10, 13, 13, 14, 15]
    platform.send(
        *(registration(person(n), MOMENT.replace(day=arrived)) for n, arrived in enumerate(arrivals))
    )
    platform.refresh()
    seen = []
    for asked in range(1, 25):
        upto, before = (sum(each <= last for each in arrivals) // 5 * 5 for last in (asked, asked - 7))
        expected = [("dvz", upto - before, None)] if upto > before else []
        assert told(platform.database, FLOW, LIEGE, date(2025, 3, asked)) == expected
        seen.append(upto - before)
    assert set(seen) == {0, 5}


def test_corrections_count_once_and_a_cancelled_event_not_at_all(platform: Platform) -> None:
    grants = [benefit_grant(person(n), MOMENT, agency="cpas-62063") for n in range(12)]
    platform.send(*grants)
    platform.send(*(each.changed(revision=1, category="with_family") for each in grants[:6]))
    platform.send(grants[11].changed(revision=1, cancelled=True))
    platform.refresh()
    assert told(platform.database, exact(STOCK)) == [("cpas-62063", 11, 6)]


def test_what_was_told_when_ends_with_the_published_value(platform: Platform) -> None:
    # day      10  11  12  13
    # persons  3   5   8   20
    for day, persons in ((10, range(3)), (11, range(3, 5)), (12, range(5, 8)), (13, range(8, 20))):
        platform.clock.moment = datetime(2025, 6, day, tzinfo=UTC)
        platform.send(*(registration(person(n), MOMENT) for n in persons))
        platform.refresh()
    explanations = Explanations(platform.database)
    assert explanations.learned(exact(FLOW), "BE", DAY) == [
        Learned(date(2025, 6, day), value) for day, value in ((10, 3), (11, 5), (12, 8), (13, 20))
    ]
    # From the first batch on; eight are a batch and a part of one, which is nothing new.
    assert explanations.learned(FLOW, "BE", DAY) == [
        Learned(date(2025, 6, day), value) for day, value in ((11, 5), (13, 20))
    ]
    published = PublishedValues(platform.database, INDICATORS, platform.clock)
    assert [cell.value for cell in published.totals([FLOW.id], ["BE"], DAY, DAY)] == [20]
    assert explanations.learned(FLOW, "11000", DAY) == []


def test_what_was_told_is_what_was_known_at_the_moment(platform: Platform) -> None:
    for day in range(10, 20):
        platform.clock.moment = datetime(2025, 6, day, tzinfo=UTC)
        platform.send(*(registration(person(n), MOMENT) for n in range(3 * day, 3 * day + 3)))
        platform.refresh()
    published = PublishedValues(platform.database, INDICATORS, platform.clock)
    for each in Explanations(platform.database).learned(FLOW, "62063", DAY):
        moment = datetime.combine(each.known_on, time(12), UTC)
        (cell,) = published.totals([FLOW.id], ["62063"], DAY, DAY, moment)
        assert cell.value == each.value


def test_of_an_amount_nothing_is_told_of_few_persons(platform: Platform) -> None:
    """One person's grant is more than five euro, and still of one person."""
    amounts = counted("living_wage_amounts")
    for day, persons in ((10, range(4)), (11, range(4, 6)), (12, range(6, 30))):
        platform.clock.moment = datetime(2025, 6, day, tzinfo=UTC)
        platform.send(*(benefit_grant(person(n), MOMENT) for n in persons))
        platform.refresh()
    six, thirty = Explanations(platform.database).learned(amounts, "BE", DAY)
    # 6 and 30 times 1 288.46 EUR.
    assert (six.value, thirty.value) == (0, 30_000)


def test_of_a_duration_it_is_told_how_many_persons_came_to_be_behind_it(platform: Platform) -> None:
    platform.clock.moment = datetime(2025, 6, 10, tzinfo=UTC)
    later = datetime(2025, 3, 10, 12, tzinfo=UTC)
    platform.send(*(benefit_grant(person(n), MOMENT, "requested") for n in range(10)))
    platform.send(*(benefit_grant(person(n), later) for n in range(10)))
    platform.refresh()
    found = Explanations(platform.database).learned(counted("days_request_to_decision"), "BE", later.date())
    assert found == [Learned(date(2025, 6, 10), 10)]
