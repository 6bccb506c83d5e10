"""A second database takes the place of the serving one: what differs is listed, what was told and erased is kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from importlib.resources import files

import pytest

from bewithu.errors import BewithuError
from schemas.indicators import load_indicators
from sinks.clickhouse.alert_log import ClickHouseAlertLog
from sinks.clickhouse.beside import Beside
from sinks.clickhouse.database import Database
from sinks.clickhouse.erasure import Erasure
from sinks.clickhouse.prepare import prepare
from tests.alerts.samples import transition
from tests.events import Platform, person, registration

SHIPPED = load_indicators(files("streams.indicators"))
INDICATORS = {name: SHIPPED[name] for name in ("persons_protected", "registrations_7d")}
MOMENT = datetime(2025, 3, 3, 9, 30, tzinfo=UTC)
NOW = datetime.now(UTC)
MESSAGES = [registration(person(number), MOMENT) for number in range(12)]


def filled(database: Database, *messages: object) -> Platform:
    prepare(database)
    platform = Platform(database, INDICATORS)
    platform.refresh()
    platform.send(*messages)  # type: ignore[arg-type]
    platform.refresh()
    return platform


def name_of(database: Database) -> str:
    return str(database.value("SELECT currentDatabase()"))


def until_done(platform: Platform) -> Callable[[Callable[[], bool]], None]:
    def wait(is_done: Callable[[], bool]) -> None:
        while not is_done():
            platform.refresh()

    return wait


def test_what_differs_is_listed_and_what_only_the_serving_one_has_comes_along(
    new_database: Callable[[], Database],
) -> None:
    serving, here = new_database(), new_database()
    old = filled(serving, *MESSAGES)
    new = filled(here, *MESSAGES[:11])
    beside = Beside(here, name_of(serving))
    different = {each.what for each in beside.compare() if not each.same}
    assert {"offsets of bewithu.registration.v1/0", "facts of registration"} <= different
    with pytest.raises(BewithuError, match="less is stored here"):
        beside.carry_over("somebody", NOW, until_done(new))

    new.send(MESSAGES[11])
    new.refresh()
    assert [each for each in beside.compare() if not each.same] == []

    # Somebody is erased there, and an alert was told.
    Erasure(serving, "somebody").erase(person(3), NOW, until_done(old))
    told = transition()
    log = ClickHouseAlertLog(serving)
    log.append([told])
    serving.insert(
        "mail_log",
        ["message_id", "transition", "coordinator", "outcome", "at", "detail"],
        [["", told.id, "", "addressed", NOW, "1 of 1"]],
    )
    assert "facts of registration" in {each.what for each in beside.compare() if not each.same}
    carried = beside.carry_over("somebody", NOW, until_done(new))
    assert (carried.erased, carried.left) == (1, 0)
    assert [each for each in beside.compare() if not each.same] == []
    assert (
        here.value("SELECT count() FROM facts_registration WHERE person = unhex({who:String})", who=person(3))
        == 0
    )
    assert ClickHouseAlertLog(here).states() == (told,)
    assert ClickHouseAlertLog(here).unaddressed() == ()
    again = beside.carry_over("somebody", NOW, until_done(new))
    assert not any(again.rows.values())
    assert again.erased == 0


def test_a_database_is_not_beside_itself_nor_beside_one_that_is_not_there(
    new_database: Callable[[], Database],
) -> None:
    database = new_database()
    prepare(database)
    for other in (name_of(database), "nowhere"):
        with pytest.raises(BewithuError, match="is no database"):
            Beside(database, other)
