"""Which rules to look into, from what was told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.evaluate import to_millisecond
from alerts.review import review, shares_firing
from alerts.routing import Route
from bewithu.clock import SystemClock
from schemas.alerting import Acknowledgement, Kind, Transition
from sinks.clickhouse.acknowledgements import ClickHouseAcknowledgements
from sinks.clickhouse.alert_log import ClickHouseAlertLog
from sinks.clickhouse.database import Database
from tests.alerts.samples import LIEGE, NOON, book, coordinator, rule, transition
from tests.command_line import CommandLine

NAMUR = "90000"
DAYS = 100
NOW = NOON + timedelta(days=DAYS)
EVERYBODY = book(coordinator("all@x.be", "BE"))


def at(day: float, kind: Kind, area: str = LIEGE, began: float | None = None) -> Transition:
    since = NOON + timedelta(days=day if began is None else began)
    return transition(kind, area=area, at=NOON + timedelta(days=day), since=since)


@pytest.mark.parametrize(
    ("steps", "share"),
    [
        ([at(10, "firing"), at(30, "resolved")], 0.2),
        ([at(10, "firing")], 0.9),
        ([at(25, "resolved")], 0.25),
        ([at(25, "retracted"), at(50, "firing"), at(60, "reminded"), at(75, "resolved")], 0.5),
        ([at(40, "reminded"), at(50, "resolved")], 0.5),
        ([at(10, "firing"), at(20, "resolved"), at(25, "retracted")], 0.1),
    ],
)
def test_how_much_of_the_time_an_alert_fired(steps: list[Transition], share: float) -> None:
    ((area, found),) = shares_firing(steps, NOON, NOW)
    assert (area, found) == (LIEGE, pytest.approx(share))


def remarks(steps: list[Transition], acknowledged: int = 0, **changes: object) -> tuple[str, ...]:
    fired = [step for step in steps if step.kind == "firing"][:acknowledged]
    known = [Acknowledgement(step.rule, step.area, step.since, "ann", "", step.at) for step in fired]
    people = EVERYBODY.model_copy(update=changes)
    (found,) = review([rule()], people, steps, known, NOON, NOW)
    assert found.acknowledged == acknowledged
    return found.remarks


THREE = [step for day in (10, 20, 30) for step in (at(day, "firing"), at(day + 2, "resolved"))]


def test_a_rule_that_somebody_acts_on_is_well() -> None:
    assert remarks(THREE, acknowledged=1) == ()


def test_what_to_look_into_is_said() -> None:
    assert remarks([]) == ("never fired",)
    assert remarks(THREE) == ("nobody acknowledged any of its alerts",)
    assert remarks([at(1, "firing")]) == ("fired for 99% of the time in an area",)
    withdrawn = [*THREE[:-1], at(32, "retracted", began=30)]
    assert remarks(withdrawn, acknowledged=1) == ("many of its alerts were withdrawn",)


def test_a_rule_that_reaches_nobody_or_not_everywhere_is_named() -> None:
    nobody = Route(routes=(Route(to=()),))
    assert remarks(THREE, acknowledged=1, routing=nobody) == ("reaches nobody",)
    wallonia = (coordinator("w@x.be", "03000"),)
    assert remarks(THREE, acknowledged=1, coordinators=wallonia) == ("in 6 of 11 areas it reaches nobody",)


def test_the_command_tells_it(bewithu: CommandLine, database: Database) -> None:
    bewithu.read(database)
    log, now = ClickHouseAlertLog(database), to_millisecond(SystemClock().now())
    named = "arrivals_emergency_housing_province"
    fired = transition(at=now - timedelta(days=3), since=now - timedelta(days=5), rule=named)
    log.append([fired, transition("resolved", 3, area=LIEGE, at=now - timedelta(days=1), rule=named)])
    promise = Acknowledgement(named, LIEGE, fired.since, "ann", "", now)
    ClickHouseAcknowledgements(database).write(promise)
    found = {each["rule"]: each for each in bewithu("rules", "review", "--json").document}
    assert (found[named]["fired"], found[named]["acknowledged"], found[named]["remarks"]) == (1, 1, [])
    assert found["agency_silent_country"]["remarks"] == ["never fired"]
    assert "never fired" in bewithu("rules", "review", "--within", "1d").out
