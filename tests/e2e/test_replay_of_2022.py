"""A replay of 2022 publishes the certificates that Belgium published: 63 356, month by month.

Every registration of the year is sent, with the agencies' doubles, corrections, cancellations and damaged messages;
what is read at the end is what the board shows, which tells persons in batches of five.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from itertools import groupby

import pytest

from bewithu.simulator import Plan, Publication, simulate
from bewithu.simulator.chance import stream_of
from bewithu.simulator.damage import damaged
from schemas.contracts import contract_of
from schemas.indicators import load_indicators
from sinks.clickhouse.database import Database
from sinks.clickhouse.published import PublishedValues
from tests.events import Platform
from tests.makers import Message

INDICATORS = load_indicators(files("streams.indicators"))
MONTHLY = INDICATORS["registrations_month"]
PLAN = Plan(seed=3, since=date(2022, 3, 1), until=date(2023, 1, 31))
TOPIC = contract_of("registration").topic


def published_certificates() -> dict[str, int]:
    """By month, of 2022."""
    text = (files("bewithu.simulator") / "data" / "certificates_by_month.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["month"]: int(row["certificates"]) for row in rows if row["month"].startswith("2022-")}


def days(platform: Platform) -> Iterator[tuple[date, list[bytes | None]]]:
    """The registrations that agencies publish on each day."""
    registrations = (each for each in simulate(PLAN) if each.topic == TOPIC)
    for day, published in groupby(registrations, key=lambda each: each.published_at.date()):
        yield day, [wire(platform, each) for each in published]


def wire(platform: Platform, publication: Publication) -> bytes:
    value = platform.registry.wire(Message(TOPIC, publication.event))
    if publication.damage and publication.damage.hits_bytes:
        return damaged(value, publication.damage, stream_of(publication.event["event_id"]))
    return value


def last_day(month: str) -> date:
    year, number = map(int, month.split("-"))
    return (date(year, number, 28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


# A year's lives are simulated and stored, which is a minute and a half of work.
@pytest.mark.timeout(600)
def test_the_months_certificates_are_those_that_were_published(database: Database) -> None:
    platform = Platform(database, {MONTHLY.id: MONTHLY})
    for day, values in days(platform):
        platform.clock.moment = datetime.combine(day + timedelta(days=1), time(), UTC)
        platform.take(TOPIC, 0, values)
    platform.refresh()
    cells = PublishedValues(database, INDICATORS, platform.clock)
    told = {}
    for month in published_certificates():
        (cell,) = cells.totals([MONTHLY.id], ["BE"], last_day(month), last_day(month))
        told[month] = cell.value
    # A month is told as the batches that became full in it: less than one batch off, and the year's months add up.
    for month, certificates in published_certificates().items():
        value = told[month]
        assert value is not None
        assert abs(value - certificates) < MONTHLY.minimum_cell, (month, value, certificates)
    assert abs(sum(filter(None, told.values())) - 63_356) < MONTHLY.minimum_cell
