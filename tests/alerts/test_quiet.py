"""Mails that can wait do not come at night; they come in the morning."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from alerts.quiet import Hours
from bewithu.clock import BRUSSELS
from sinks.clickhouse.alert_log import ClickHouseAlertLog
from sinks.clickhouse.database import Database
from tests.alerts.mail_server import Post, new_post, serving
from tests.alerts.samples import LIEGE, book, coordinator, rule
from tests.alerts.stage import ANN, BO, Stage


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BRUSSELS)


@pytest.mark.parametrize(
    ("hours", "moment", "until"),
    [
        ("20:00-07:00", "2025-03-03 19:59", None),
        ("20:00-07:00", "2025-03-03 20:00", "2025-03-04 07:00"),
        ("20:00-07:00", "2025-03-03 23:59", "2025-03-04 07:00"),
        ("20:00-07:00", "2025-03-04 00:00", "2025-03-04 07:00"),
        ("20:00-07:00", "2025-03-04 06:59", "2025-03-04 07:00"),
        ("20:00-07:00", "2025-03-04 07:00", None),
        ("12:00-13:30", "2025-03-04 13:29", "2025-03-04 13:30"),
        ("12:00-13:30", "2025-03-04 11:59", None),
        ("12:00-13:30", "2025-03-04 23:00", None),
        # The night in which clocks are put forward ends at seven all the same.
        ("20:00-07:00", "2025-03-29 22:00", "2025-03-30 07:00"),
    ],
)
def test_quiet_hours_begin_and_end_by_belgiums_clock(hours: str, moment: str, until: str | None) -> None:
    quiet = coordinator(ANN, LIEGE, quiet_hours=hours).quiet_hours
    assert isinstance(quiet, Hours)
    assert str(quiet) == hours
    assert quiet.end_of(at(moment).astimezone(UTC)) == (at(until) if until else None)


@pytest.mark.parametrize("wrong", ["20-7", "20:00", "24:00-07:00", "20:00-20:00", "20:00 - 07:00", 20])
def test_wrong_hours_are_refused(wrong: object) -> None:
    with pytest.raises(ValidationError, match="expected hours such as 20:00-07:00"):
        coordinator(ANN, LIEGE, quiet_hours=wrong)


@pytest.mark.parametrize(("severity", "at_night"), [("warning", 1), ("critical", 2)])
async def test_what_is_not_critical_waits_for_the_morning(
    database: Database, severity: str, at_night: int
) -> None:
    post = new_post()
    people = book(coordinator(ANN, LIEGE), coordinator(BO, LIEGE, quiet_hours="20:00-07:00"))
    stage = Stage(ClickHouseAlertLog(database), post.port, [rule(for_="0s", severity=severity)], people)
    stage.real.moment = at("2025-03-03 22:00")
    async with serving(post):
        assert (await stage.step(412)).sent == at_night
        assert (await stage.step(seconds=3600)).sent == 0
        stage.teller = stage.new_teller()
        assert (await stage.step(seconds=timedelta(hours=8).total_seconds())).sent == 2 - at_night
    assert sorted(post.asked) == [ANN, BO]


async def test_both_that_it_fires_and_that_it_is_over_come_in_the_morning_in_one_mail(
    database: Database,
) -> None:
    post: Post = new_post()
    people = book(coordinator(ANN, LIEGE, quiet_hours="20:00-07:00"))
    stage = Stage(ClickHouseAlertLog(database), post.port, [rule(for_="0s")], people)
    stage.real.moment = at("2025-03-03 22:00")
    async with serving(post):
        for value in (412, 10):
            assert (await stage.step(value, days=1, seconds=60)).sent == 0
        stage.real.moment = at("2025-03-04 07:00")
        assert [(await stage.step()).sent for _ in range(2)] == [1, 0]
    assert post.subjects == ["Province of Liège – 1 alert, 1 alert over"]


@pytest.mark.parametrize(("severity", "at_night"), [("warning", 0), ("critical", 1)])
async def test_what_could_not_be_sent_before_the_night_is_not_tried_again_in_it(
    database: Database, severity: str, at_night: int
) -> None:
    post = new_post()
    people = book(coordinator(ANN, LIEGE, quiet_hours="20:00-07:00"))
    stage = Stage(ClickHouseAlertLog(database), post.port, [rule(for_="0s", severity=severity)], people)
    stage.real.moment = at("2025-03-03 19:59")
    assert (await stage.step(412)).put_off == 1
    async with serving(post):
        stage.real.moment = at("2025-03-03 20:05")
        assert (await stage.step()).sent == at_night
        stage.real.moment = at("2025-03-04 07:00")
        assert (await stage.step()).sent == 1 - at_night
    assert post.asked == [ANN]
