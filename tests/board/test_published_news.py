"""What the store gives for the news of a week: complete days, and nothing that begins anew by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sinks.clickhouse.database import Database
from tests.board.test_origin import published_board
from tests.events import Platform, person, registration


def test_a_week_is_compared_on_days_whose_data_have_come_in(database: Database) -> None:
    """Twenty certificates in the first week, ten in the second; of the third, which is today's, nobody can tell yet.

    registrations_7d is complete after a day.
    """
    platform = Platform(database)
    today = datetime(2025, 3, 20, 12, tzinfo=UTC)
    for begin, end, days in ((0, 20, 10), (20, 30, 3), (30, 60, 0)):
        moment = today - timedelta(days=days)
        platform.clock.moment = moment + timedelta(minutes=1)
        platform.send(*(registration(person(number), moment) for number in range(begin, end)))
        platform.refresh()
    board = published_board(platform)
    found = {each.now.indicator: each for each in board.news("BE", today.date())}
    week = found["registrations_7d"]
    assert (week.now.day, week.now.provisional) == (today.date() - timedelta(days=1), False)
    assert (week.now.value, week.before.value, week.now.change_7d) == (10, 20, -10)
    # What begins anew each week or month, and what takes long to come in, is compared with nothing.
    assert not {"registrations_week", "registrations_month", "persons_on_living_wage"} & set(found)
    assert board.value("registrations_month", "BE", today.date()).change_7d is None
    assert board.value("registrations_7d", "BE", today.date()).change_7d == 20


def test_the_newest_days_of_a_trend_are_marked_as_provisional_and_hidden_ones_as_hidden(
    database: Database,
) -> None:
    platform = Platform(database)
    today = datetime(2025, 3, 20, 12, tzinfo=UTC)
    platform.clock.moment = today
    platform.send(*(registration(person(number), today - timedelta(days=2)) for number in range(12)))
    platform.refresh()
    trend = published_board(platform).trend(
        "registrations_7d", "BE", today.date() - timedelta(days=3), today.date()
    )
    assert [(each.value, each.suppressed, each.provisional) for each in trend] == [
        (None, True, False), (10, False, False), (10, False, False), (10, False, True)
    ]  # fmt: skip
