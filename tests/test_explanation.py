"""A value is explained by agencies and numbers of events, and by when it became known; never by persons."""

from __future__ import annotations

from datetime import UTC, date, datetime
from importlib.resources import files

import pytest

from schemas.indicators import Counted, load_indicators
from sinks.clickhouse.database import Database
from sinks.clickhouse.explanation import Explanations, Learned, News, gathered
from tests.events import Platform, benefit_grant, person, registration

INDICATORS = load_indicators(files("streams.indicators"))
MOMENT, DAY = datetime(2025, 3, 3, 12, tzinfo=UTC), date(2025, 3, 3)
LIEGE, SERAING = "62063", "62096"


def counted(name: str) -> Counted:
    found = INDICATORS[name]
    assert isinstance(found, Counted)
    return found


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
    assert told(platform.database, STOCK) == [("cpas-62096", 7, 0), ("cpas-62063", 6, 0)]
    assert told(platform.database, STOCK, LIEGE) == [("cpas-62063", 6, 0)]
    assert told(platform.database, FLOW) == [("dvz", 8, 0)]
    assert told(platform.database, FLOW, day=date(2025, 2, 1)) == []


def test_few_events_of_an_agency_are_hidden_and_what_would_give_them_away(platform: Platform) -> None:
    platform.send(*(benefit_grant(person(n), MOMENT, agency="cpas-62063") for n in range(2)))
    platform.send(*(benefit_grant(person(n), MOMENT, agency="cpas-62096") for n in range(2, 9)))
    platform.send(*(benefit_grant(person(n), MOMENT, agency="cpas-44021") for n in range(9, 20)))
    platform.refresh()
    assert told(platform.database, STOCK) == [
        ("cpas-44021", 11, 0), ("cpas-62063", None, None), ("cpas-62096", None, None)
    ]  # fmt: skip


def test_corrections_count_once_and_a_cancelled_event_not_at_all(platform: Platform) -> None:
    grants = [benefit_grant(person(n), MOMENT, agency="cpas-62063") for n in range(12)]
    platform.send(*grants)
    platform.send(*(each.changed(revision=1, category="with_family") for each in grants[:6]))
    platform.send(grants[11].changed(revision=1, cancelled=True))
    platform.refresh()
    assert told(platform.database, STOCK) == [("cpas-62063", 11, 6)]


def test_what_became_known_when_adds_up_to_the_value(platform: Platform) -> None:
    for day, persons in ((10, range(6)), (11, range(6, 8)), (12, range(8, 20))):
        platform.clock.moment = datetime(2025, 6, day, tzinfo=UTC)
        platform.send(*(registration(person(n), MOMENT) for n in persons))
        platform.refresh()
    found = Explanations(platform.database).learned(FLOW, "BE", DAY)
    assert found == [Learned(date(2025, 6, 10), 6), Learned(date(2025, 6, 12), 14)]
    assert Explanations(platform.database).learned(FLOW, "11000", DAY) == []


def test_of_an_amount_what_few_persons_made_of_it_is_told_together(platform: Platform) -> None:
    """One person's grant is more than five euro, and still of one person."""
    for day, persons in ((10, range(6)), (11, range(6, 7)), (12, range(7, 13))):
        platform.clock.moment = datetime(2025, 6, day, tzinfo=UTC)
        platform.send(*(benefit_grant(person(n), MOMENT) for n in persons))
        platform.refresh()
    found = Explanations(platform.database).learned(counted("living_wage_amounts"), "BE", DAY)
    assert [(each.known_by.day, round(each.change, 2)) for each in found] == [
        (10, round(6 * 1288.46, 2)), (12, round(7 * 1288.46, 2))
    ]  # fmt: skip


def test_of_a_duration_it_is_told_how_many_persons_came_to_be_behind_it(platform: Platform) -> None:
    platform.clock.moment = datetime(2025, 6, 10, tzinfo=UTC)
    later = datetime(2025, 3, 10, 12, tzinfo=UTC)
    platform.send(*(benefit_grant(person(n), MOMENT, "requested") for n in range(6)))
    platform.send(*(benefit_grant(person(n), later) for n in range(6)))
    platform.refresh()
    found = Explanations(platform.database).learned(counted("days_request_to_decision"), "BE", later.date())
    assert found == [Learned(date(2025, 6, 10), 6)]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([6, 2, 7], [6, 9]),
        ([2, 2, 2, 9], [6, 9]),
        ([9, 2], [11]),
        ([3], []),
        ([9, -2, -2, -2], [9, -6]),
        ([], []),
    ],
)
def test_small_changes_are_told_together(changes: list[float], expected: list[float]) -> None:
    days = [
        News(date(2025, 6, number), change, int(change)) for number, change in enumerate(changes, start=1)
    ]
    assert [each.change for each in gathered(days, 5)] == expected
