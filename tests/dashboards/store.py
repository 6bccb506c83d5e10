"""A store as dashboards find it: facts of a few hundred persons, worked out, with feeds, refusals and alerts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from typing import Final

from alerts.rules import load_rules
from bench.made_facts import fill
from bewithu.fitting.description import description
from schemas.alerting import Kind, Transition
from schemas.indicators import Counted, load_indicators
from sinks.clickhouse.alert_log import ClickHouseAlertLog
from sinks.clickhouse.database import Database
from sinks.clickhouse.feed_log import FeedLog
from sinks.clickhouse.indicator_store import ClickHouseIndicators

INDICATORS: Final = load_indicators(files("streams.indicators"))
RULES: Final = load_rules(INDICATORS)
FIRST, LAST = date(2025, 1, 1), date(2025, 3, 31)
FACTS: Final = 6_000
#: The headlines and what they rest on: to work all out would take most of the tests' time.
WORKED_OUT: Final = {
    name: found
    for name, found in INDICATORS.items()
    if name == "persons_on_living_wage" or (found.headline and isinstance(found, Counted))
}
NOON = datetime(2025, 3, 30, 12, tzinfo=UTC)


def fill_store(database: Database) -> None:
    """Values rest on what became known on two days, so that some were believed otherwise before."""
    fill(database, FACTS)
    about = description(INDICATORS, RULES)
    indicators = ClickHouseIndicators(database, WORKED_OUT, about)
    while True:
        done = indicators.refresh(NOON)
        if done is None or not done.more:
            break
    _refuse(database)
    feeds = FeedLog(database)
    feeds.note(NOON - timedelta(days=1))
    later = "SELECT * REPLACE (generateUUIDv4() AS event_id) FROM facts_registration LIMIT 40"
    database.run(f"INSERT INTO facts_registration {later}")
    feeds.note(NOON)
    _alert(database)


def _refuse(database: Database) -> None:
    known = NOON - timedelta(days=2)
    database.insert(
        "quarantine",
        ["topic", "partition", "offset", "agency", "reason", "raw", "raw_length", "kafka_time", "known_at"],
        [
            ["bewithu.registration.v1", 0, number, agency, reason, "{}", 2, known, known]
            for number, (agency, reason) in enumerate(
                [("dvz", "bad_format"), ("dvz", "missing"), ("cpas-62063", "missing"), ("", "undecodable")]
            )
        ],
    )
    steps = ["topic", "partition", "offset", "kind", "at", "by", "why"]
    database.insert(
        "quarantine_steps", steps, [["bewithu.registration.v1", 0, 1, "dropped", known, "me", "test"]]
    )


def _alert(database: Database) -> None:
    """An alert that came and went, and one of each state that is open."""

    def step(rule: str, area: str, number: int, kind: Kind, days: int) -> Transition:
        found = next(each for each in RULES if each.id == rule)
        at = NOON - timedelta(days=days)
        return Transition(
            id=f"{rule}-{area}-{number}", rule=rule, area=area, number=number, kind=kind, at=at, since=at,
            indicator=found.indicator, day=at.date(), value=40.0, threshold=30.0, provisional=False, reason="40 > 30",
        )  # fmt: skip

    steps = [
        step("registrations_country", "BE", 1, "pending", 30),
        step("registrations_country", "BE", 2, "firing", 28),
        step("registrations_country", "BE", 3, "resolved", 9),
        step("registrations_rise_province", "10000", 1, "firing", 5),
        step("arrivals_emergency_housing_municipality", "11002", 1, "pending", 2),
        step("arrivals_emergency_housing_country", "BE", 1, "firing", 3),
    ]
    # Written twice, as after a crash.
    for _ in range(2):
        ClickHouseAlertLog(database).append(steps)
