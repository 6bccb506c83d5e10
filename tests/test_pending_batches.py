"""Every stored batch is taken into a refresh, and none twice, whatever the clocks say."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sinks.clickhouse import indicator_store
from sinks.clickhouse.database import Database
from tests.events import Platform, person, registration

MOMENT = datetime(2025, 3, 3, 12, tzinfo=UTC)


def certified(database: Database) -> float:
    found: float = database.value(
        "SELECT sum(value) FROM indicator_values WHERE indicator = 'registrations_7d' AND area = 'BE'"
        " AND breakdown = '' AND day = '2025-03-03'"
    )
    return found


def stored_hours_ago(database: Database, hours: int) -> None:
    """The batches that are there, as if the server had taken them then."""
    database.run(
        "ALTER TABLE batches UPDATE stored_at = now() - INTERVAL {hours:UInt8} HOUR WHERE true"
        " SETTINGS mutations_sync = 1",
        hours=hours,
    )


def test_a_worker_that_starts_takes_in_batches_of_any_age(database: Database) -> None:
    platform = Platform(database)
    platform.refresh()
    platform.send(registration(person(1), MOMENT))
    stored_hours_ago(database, 40)
    Platform(database).refresh()
    assert certified(database) == 1


def test_a_batch_that_calls_itself_old_is_taken_in_and_those_before_it_are_not_again(
    database: Database,
) -> None:
    platform = Platform(database)
    for number in range(3):
        platform.clock.moment = datetime(2029 - number, 1, 1, tzinfo=UTC)
        platform.send(registration(person(number), MOMENT))
        done = platform.refresh_step()
        while done and done.batches == 0:
            done = platform.refresh_step()
        assert done
        assert done.batches == 1
    platform.refresh()
    assert certified(database) == 3


def test_a_worker_that_has_nothing_to_do_does_not_look_at_all_batches_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    Platform(database).refresh()
    asked: list[int] = []
    rows = database.rows

    def counted(statement: str, **parameters: object) -> object:
        asked.extend([int(str(parameters["since"]))] if "since" in parameters else [])
        return rows(statement, **parameters)

    monkeypatch.setattr(database, "rows", counted)
    restarted = Platform(database)
    assert [restarted.refresh_step() for _ in range(2)] == [None, None]
    assert asked[0] == 0
    assert asked[1] > 0


def test_more_batches_than_one_refresh_takes_are_left_to_the_next(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indicator_store, "_BATCHES", 2)
    platform = Platform(database)
    platform.refresh()
    platform.send(*(registration(person(number), MOMENT) for number in range(5)))
    taken = [done.batches for _ in range(3) if (done := platform.refresh_step())]
    assert taken == [2, 2, 1]
    assert certified(database) == 5
