"""What rules read: published values, and fewer than a batch of persons as none, so that an alert can end."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files

import pytest

from alerts.evaluate import State, evaluate
from alerts.rules import Rule
from alerts.rules.load import load_rules
from bewithu.fitting.alerting import PublishedReadings, indicator_text
from schemas.areas import Level
from schemas.indicators import load_indicators
from sinks.clickhouse.bookkeeping import Bookkeeping
from sinks.clickhouse.database import Database
from sinks.clickhouse.published import PublishedValues
from tests.events import Platform, person, registration

INDICATORS = load_indicators(files("streams.indicators"))
STOCK, SHARE = "persons_protected", "share_protected_on_living_wage"
MOMENT = datetime(2025, 3, 3, 12, tzinfo=UTC)


@pytest.fixture
def readings(database: Database) -> PublishedReadings:
    platform = Platform(database)
    platform.send(*(registration(person(number), MOMENT) for number in range(3)))
    platform.refresh()
    published = PublishedValues(database, INDICATORS, platform.clock)
    return PublishedReadings(published, Bookkeeping(database))


def test_few_persons_are_read_as_none_and_a_share_of_few_not_at_all(readings: PublishedReadings) -> None:
    (country,) = readings.readings(STOCK, Level.COUNTRY, MOMENT.date())
    assert country.value == 0
    assert [each.value for each in readings.history(SHARE, "BE", MOMENT.date(), 1)] == [None]


def test_areas_that_nothing_was_ever_heard_of_have_no_reading(readings: PublishedReadings) -> None:
    found = readings.readings(STOCK, Level.MUNICIPALITY, MOMENT.date())
    assert [each.area for each in found] == ["62063"]


def test_an_alert_ends_when_few_are_left(readings: PublishedReadings) -> None:
    (reading,) = readings.readings(STOCK, Level.COUNTRY, MOMENT.date())
    rule: Rule = load_rules(INDICATORS)[0]
    assert rule.condition.threshold >= INDICATORS[STOCK].minimum_cell
    decision = evaluate(rule, reading, State("firing", MOMENT, 1), MOMENT)
    assert decision.transition is not None
    assert decision.transition.kind == "resolved"


def test_a_mail_knows_the_size_of_a_batch() -> None:
    assert indicator_text(INDICATORS[STOCK]).batch == 5
    assert indicator_text(INDICATORS[SHARE]).batch == 1
    assert indicator_text(INDICATORS["collective_places"]).batch == 1
