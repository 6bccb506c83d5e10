"""What rules read: published values, and fewer than a batch of persons as none, so that an alert can end."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest

from alerts.evaluate import State, evaluate
from alerts.judging import Finding, findings
from alerts.rules import Rule
from alerts.rules.load import load_rules
from bewithu.fitting.alerting import PublishedReadings, indicator_text
from schemas.areas import Level, areas_of_level
from schemas.indicators import Counted, load_indicators
from sinks.clickhouse.bookkeeping import Bookkeeping
from sinks.clickhouse.changes import Changes
from sinks.clickhouse.database import Database
from sinks.clickhouse.generations import begin
from sinks.clickhouse.published import PublishedValues
from tests.alerts.samples import rule
from tests.events import Platform, benefit_grant, person, registration

INDICATORS = load_indicators(files("streams.indicators"))
STOCK, SHARE = "persons_protected", "share_protected_on_living_wage"
MOMENT = datetime(2025, 3, 3, 12, tzinfo=UTC)


@pytest.fixture
def readings(database: Database) -> PublishedReadings:
    platform = Platform(database)
    platform.send(*(registration(person(number), MOMENT) for number in range(3)))
    platform.refresh()
    published = PublishedValues(database, INDICATORS, platform.clock)
    return PublishedReadings(published, Bookkeeping(database), Changes(database), INDICATORS)


def value(readings: PublishedReadings, indicator: str, area: str = "BE", days: int = 1) -> list[float]:
    return readings.series(indicator, [area], MOMENT.date(), days).values[0].tolist()


def test_few_persons_are_read_as_none_and_a_share_of_few_not_at_all(readings: PublishedReadings) -> None:
    assert value(readings, STOCK) == [0]
    assert [math.isnan(each) for each in value(readings, SHARE)] == [True]
    assert [each.value for each in readings.history(SHARE, "BE", MOMENT.date(), 1)] == [None]


def test_areas_that_nothing_was_ever_heard_of_have_no_value(readings: PublishedReadings) -> None:
    codes = [area.code for area in areas_of_level(Level.MUNICIPALITY)]
    found = readings.series(STOCK, codes, MOMENT.date(), 1)
    assert found.values.shape == (len(codes), 1)
    assert [code for code, (each,) in zip(codes, found.values, strict=True) if not math.isnan(each)] == [
        "62063"
    ]


def test_where_all_was_taken_back_an_alert_ends_but_not_while_an_indicator_is_worked_out(
    database: Database,
) -> None:
    platform = Platform(database, {STOCK: INDICATORS[STOCK]})
    published = PublishedValues(database, INDICATORS, platform.clock)
    readings = PublishedReadings(published, Bookkeeping(database), Changes(database), INDICATORS)
    watched = rule(indicator=STOCK, level="country", condition={"above": 20})

    def found(area: str = "BE") -> Finding:
        panel = {STOCK: readings.series(STOCK, [area], MOMENT.date(), 1)}
        return next(findings(watched, [area], panel, MOMENT.date(), False))

    assert (found().stays, found().reason) == (None, "no value is published")
    reported = [registration(person(number), MOMENT) for number in range(30)]
    platform.send(*reported)
    platform.refresh()
    assert (found().stays, found("62063").stays) == (True, True)
    assert (found("11002").holds, found("11002").stays) == (None, False)
    platform.send(*(each.changed(revision=1, cancelled=True) for each in reported))
    platform.refresh()
    assert (found().holds, found().stays, found().value) == (None, False, 0)
    # Taken away while it was read.
    numbered = iter([{STOCK: 1}, {STOCK: 2}])
    published.generations_behind = lambda *_: next(numbered)  # type: ignore[method-assign]
    fresh = PublishedReadings(published, Bookkeeping(database), Changes(database), INDICATORS)
    assert not fresh.series(STOCK, ["BE"], MOMENT.date(), 1).silent.any()


def test_values_come_with_those_of_the_areas_around_and_with_their_sides(database: Database) -> None:
    platform = Platform(database)
    here = [registration(person(number), MOMENT) for number in range(10)]
    elsewhere = [registration(person(number), MOMENT, municipality="11002") for number in range(10, 40)]
    platform.send(*here, *elsewhere)
    platform.refresh()
    published = PublishedValues(database, INDICATORS, platform.clock)
    readings = PublishedReadings(published, Bookkeeping(database), Changes(database), INDICATORS)
    found = readings.series(STOCK, ["11002", "62063", "BE"], MOMENT.date(), 2)
    assert found.values[:, -1].tolist() == [30, 10, 40]
    assert found.parents[:, -1].tolist() == [30, 10, 40]
    assert found.numerators.tolist() == [30, 10, 40]
    regions = readings.series(STOCK, ["02000", "03000"], MOMENT.date(), 1)
    assert regions.parents[:, -1].tolist() == [40, 40]
    # The day and its sides are those that the board shows.
    cells = published.totals([STOCK], ["11002", "62063"], MOMENT.date(), MOMENT.date())
    assert [cell.value for cell in cells] == found.values[:2, -1].tolist()


def test_all_of_a_kind_of_agency_is_heard_when_one_of_them_is(database: Database) -> None:
    platform = Platform(database)
    platform.send(
        benefit_grant(person(1), MOMENT, agency="cpas-62063").changed(recorded_at=MOMENT),
        benefit_grant(person(2), MOMENT, agency="cpas-11002").changed(
            recorded_at=MOMENT + timedelta(hours=1)
        ),
    )
    published = PublishedValues(database, INDICATORS, platform.clock)
    readings = PublishedReadings(published, Bookkeeping(database), Changes(database), INDICATORS)
    heard = readings.last_heard(["cpas", "cpas-62063", "fedasil"])
    assert heard == {"cpas": MOMENT + timedelta(hours=1), "cpas-62063": MOMENT}


def test_values_are_read_anew_when_they_moved_and_only_then(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = Platform(database, INDICATORS)
    published = PublishedValues(database, INDICATORS, platform.clock)
    readings = PublishedReadings(published, Bookkeeping(database), Changes(database), INDICATORS)
    read: list[str] = []
    numbers = published.numbers
    monkeypatch.setattr(published, "numbers", lambda name, *rest: read.append(name) or numbers(name, *rest))

    def arrive(first: int, moment: datetime) -> None:
        platform.send(*(registration(person(number), moment) for number in range(first, first + 10)))
        platform.refresh()

    arrive(0, MOMENT)
    assert value(readings, STOCK) == value(readings, STOCK) == [10]
    assert read == [STOCK]
    # What comes later does not change the day.
    arrive(10, MOMENT + timedelta(days=1))
    assert value(readings, STOCK) == [10]
    assert read == [STOCK]
    arrive(20, MOMENT - timedelta(days=3))
    assert value(readings, STOCK) == [20]
    assert read == [STOCK, STOCK]
    # A definition that is worked out anew.
    found = INDICATORS[STOCK]
    assert isinstance(found, Counted)
    begin(database, [found], platform.clock.now())
    assert value(readings, STOCK) == [20]
    assert read == [STOCK, STOCK, STOCK]


def test_what_is_asked_for_no_more_is_not_kept(
    readings: PublishedReadings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bewithu.fitting.alerting._KEPT", 3)
    for days in range(5):
        readings.series(STOCK, ["BE"], MOMENT.date() + timedelta(days=days), 1)
        readings.series(SHARE, ["BE"], MOMENT.date(), 1)
    assert [(name, until.day) for name, _, until, _ in readings._read] == [(STOCK, 6), (STOCK, 7), (SHARE, 3)]


def test_what_is_worked_out_from_others_is_read_anew_when_one_of_them_moved(database: Database) -> None:
    platform = Platform(database, INDICATORS)
    published = PublishedValues(database, INDICATORS, platform.clock)
    readings = PublishedReadings(published, Bookkeeping(database), Changes(database), INDICATORS)
    for count in (10, 20):
        platform.send(*(registration(person(count + number), MOMENT) for number in range(10)))
        platform.refresh()
        assert value(readings, "persons_protected_change_30d") == [count]


def test_an_alert_ends_when_few_are_left(readings: PublishedReadings) -> None:
    watched: Rule = load_rules(INDICATORS)[0].model_copy(update={"indicator": STOCK})
    panel = {STOCK: readings.series(STOCK, ["BE"], MOMENT.date(), 1)}
    (found,) = findings(watched, ["BE"], panel, MOMENT.date(), provisional=True)
    assert evaluate(watched, found, State("firing", MOMENT, 1, MOMENT), MOMENT).transition is not None


def test_a_mail_knows_the_size_of_a_batch() -> None:
    assert indicator_text(INDICATORS[STOCK]).batch == 5
    assert indicator_text(INDICATORS[SHARE]).batch == 1
    assert indicator_text(INDICATORS["collective_places"]).batch == 1
