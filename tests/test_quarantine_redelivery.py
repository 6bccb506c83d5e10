"""Refused records that come again: nothing is reopened, nothing is counted twice, no answer is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bewithu.errors import BewithuError
from sinks.clickhouse.bookkeeping import Bookkeeping, Books
from sinks.clickhouse.database import Database
from tests.intake_samples import (
    NOW,
    Record,
    encoded,
    sample,
)
from tests.quarantine_stage import Stage, late

NUMBER = "99010100147"


@pytest.fixture
def stage(database: Database) -> Stage:
    return Stage(database)


def test_a_worker_that_still_refuses_reopens_nothing_that_was_accepted(stage: Stage) -> None:
    (where,) = stage.publish(late(sample()))
    stage.take()
    stage.register()
    stage.replay(where)
    stage.take_as_older_worker()
    assert stage.held(where).state == "accepted"
    assert stage.books == Books(1, 1, 0, 0)
    assert stage.topic.answers == {}


def test_what_was_accepted_at_first_stays_so_though_an_older_worker_refuses_it(stage: Stage) -> None:
    stage.register()
    accepted, fresh = stage.publish(late(sample()), late(sample()))
    stage.take(0, 0)
    stage.take_as_older_worker()
    assert [stage.held(each).state for each in (accepted, fresh)] == ["accepted", "open"]
    assert "refused since as unknown_schema" in stage.held(accepted).why
    assert stage.books == Books(2, 1, 1, 0)
    assert list(stage.topic.answers) == [f"dvz|{fresh}"]


def test_a_refused_record_of_a_broker_that_was_set_up_anew_is_open_though_its_place_was_received(
    stage: Stage,
) -> None:
    stage.publish(encoded(sample()))
    stage.take()
    later = NOW + 10 * 60_000
    stage.log = [Record(0, later, b"\x01", [("agency", b"dvz")])]
    stage.clock.moment += timedelta(minutes=20)
    stage.take()
    assert stage.held().state == "open"
    assert len(stage.topic.answers) == 1


def test_a_batch_that_failed_after_its_refusals_is_mended_when_it_is_tried_again(stage: Stage) -> None:
    stage.publish(late(sample()))
    stage.topic.away = True
    with pytest.raises(BewithuError, match="away"):
        stage.take()
    stage.topic.away = False
    stage.register()
    stage.take()
    assert stage.held().state == "accepted"
    assert stage.books == Books(1, 1, 0, 0)


def test_a_broker_that_is_away_keeps_a_batch_from_counting_as_stored(stage: Stage) -> None:
    stage.publish(late(sample()))
    stage.topic.away = True
    with pytest.raises(BewithuError, match="away"):
        stage.take()
    assert stage.database.value("SELECT count() FROM batches") == 0
    stage.topic.away = False
    stage.take()
    # Nor does a replay that could not take an answer back: the record stays open, and is replayed again.
    stage.register()
    stage.topic.away = True
    with pytest.raises(BewithuError, match="away"):
        stage.replay()
    assert stage.held().state == "open"
    stage.topic.away = False
    stage.replay()
    assert (stage.held().state, stage.topic.answers) == ("accepted", {})
    assert stage.books == Books(1, 1, 0, 0)


def test_feeds_and_lists_count_what_is_open(stage: Stage) -> None:
    first, second, _ = stage.publish(late(sample(agency="dvz")), b"\x01", b"\x01")
    stage.take()
    stage.register()
    stage.replay(first)
    stage.drop(second)
    (feed,) = Bookkeeping(stage.database).feeds()
    assert (feed.accepted, feed.refused, feed.refusals) == (1, 1, {"wrong_magic": 1})
    assert [each.offset for each in Bookkeeping(stage.database).quarantined(9, None, None)] == [2]
