"""Refused records are replayed and dropped; whatever happens in between, the books balance and answers are true."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.contracts import contracts
from schemas.examples import bad_examples, good_examples
from schemas.quarantine import Place, Wanted
from sinks.clickhouse.bookkeeping import Books
from sinks.clickhouse.database import Database
from tests.intake_samples import (
    NOW,
    REGISTRATION,
    Record,
    as_fact,
    encoded,
    facts,
    sample,
)
from tests.quarantine_stage import LOOKS_LIKE_ONE, Stage, late, place

NUMBER = "99010100147"


@pytest.fixture
def stage(database: Database) -> Stage:
    return Stage(database)


# --- replay ---


def test_a_record_is_accepted_at_its_own_place_once_its_schema_is_registered(stage: Stage) -> None:
    event = sample()
    (where,) = stage.publish(late(event))
    stage.take()
    assert stage.held().reason == "unknown_schema"
    assert stage.books == Books(1, 0, 1, 0)
    stage.register()
    assert [each.outcome for each in stage.replay()] == ["accepted"]
    assert facts(stage.database) == {as_fact(REGISTRATION, event)}
    assert stage.books == Books(1, 1, 0, 0)
    held = stage.held(where)
    assert (held.state, held.by, held.changed_at) == ("accepted", "anna", stage.clock.now())
    assert stage.topic.answers == {}


def test_a_second_replay_changes_nothing(stage: Stage) -> None:
    (where,) = stage.publish(late(sample()))
    stage.take()
    stage.register()
    stage.replay(where)
    before = stage.books, facts(stage.database), stage.quarantine.held(Wanted(state=None))
    assert stage.replay() == []
    assert [each.outcome for each in stage.replay(where)] == ["accepted"]
    assert (stage.books, facts(stage.database), stage.quarantine.held(Wanted(state=None))) == before


def test_a_record_that_is_refused_again_says_for_what_today(stage: Stage) -> None:
    stage.publish(late(sample(municipality="99999", agency="mun-62063")))
    stage.take()
    (unread,) = stage.topic.answers
    stage.register()
    (done,) = stage.replay()
    assert (done.outcome, done.reason) == ("refused", "unknown_municipality")
    held = stage.held()
    assert (held.state, held.reason, held.field) == ("open", "unknown_municipality", "municipality")
    (step,) = stage.quarantine.steps(held.place)
    assert (step.kind, step.by) == ("refused", "anna")
    assert "unknown_municipality" in step.why
    # Its agency and its event are known now, so the answer moved.
    assert unread == f"dvz|{held.place}"
    assert list(stage.topic.answers) == [f"mun-62063|{held.event_id}"]


def test_not_in_the_future_is_judged_by_the_time_of_sending(stage: Stage) -> None:
    tomorrow = stage.clock.now().replace(day=stage.clock.now().day + 1)
    stage.publish(encoded(sample(occurred_at=tomorrow, recorded_at=tomorrow)))
    stage.take()
    stage.clock.moment = tomorrow.replace(day=tomorrow.day + 1)
    (done,) = stage.replay()
    assert (done.outcome, done.reason) == ("refused", "in_future")


def test_a_replay_of_places_far_apart_counts_nothing_that_was_never_received(stage: Stage) -> None:
    stage.publish(late(sample()), *[encoded(sample())] * 8, late(sample()))
    stage.take(0, 0)
    stage.take(9, 9)
    stage.register()
    assert len(stage.replay()) == 2
    assert stage.books == Books(2, 2, 0, 0)


def test_a_replay_leaves_alone_what_lies_between_its_places(stage: Stage) -> None:
    first, between, last = stage.publish(late(sample()), late(sample()), late(sample()))
    stage.take()
    stage.register()
    stage.replay(first, last)
    assert [stage.held(each).state for each in (first, between, last)] == ["accepted", "open", "accepted"]
    assert stage.books == Books(3, 2, 1, 0)


# --- the bytes ---


def test_masked_bytes_are_read_from_kafka_again(stage: Stage) -> None:
    event = sample(event_id=LOOKS_LIKE_ONE)
    (where,) = stage.publish(late(event))
    stage.take()
    kept = stage.quarantine.bytes_at([where])[where]
    assert kept.altered
    assert NUMBER.encode() not in kept.raw
    stage.register()
    assert [each.outcome for each in stage.replay()] == ["accepted"]
    assert facts(stage.database) == {as_fact(REGISTRATION, event)}


@pytest.mark.parametrize("instead", [None, late(sample(event_id=LOOKS_LIKE_ONE, nationality="SYR"))])
def test_bytes_that_are_nowhere_to_be_had_leave_the_record_open_and_it_says_so(
    stage: Stage, instead: bytes | None
) -> None:
    stage.publish(late(sample(event_id=LOOKS_LIKE_ONE)))
    stage.take()
    stage.register()
    stage.log = [] if instead is None else [Record(0, NOW, instead)]
    (done,) = stage.replay()
    assert done.outcome == "unreadable"
    assert ("no longer has it" if instead is None else "has another record") in done.detail
    held = stage.held()
    assert (held.state, held.reason) == ("open", "unknown_schema")
    assert done.detail in held.why
    assert facts(stage.database) == frozenset()


def test_of_a_row_of_an_older_version_only_bytes_without_stars_count_as_whole(database: Database) -> None:
    columns = ["topic", "partition", "offset", "raw", "raw_length"]
    raws = [(b"\0sound", 6), (b"\0a***b", 6), (b"\0cut", 60)]
    rows = [[REGISTRATION.topic, 0, offset, raw, length] for offset, (raw, length) in enumerate(raws)]
    database.insert("quarantine", columns, rows)
    found = Stage(database).quarantine.bytes_at([place(offset) for offset in range(3)])
    assert [found[place(offset)].altered for offset in range(3)] == [False, True, True]


# --- drop ---


def test_a_drop_marks_the_record_tells_the_agency_and_survives_a_redelivery(stage: Stage) -> None:
    bad, _ = stage.publish(b"\x01junk", encoded(sample()))
    stage.take()
    assert len(stage.drop(bad, why=f"holds {NUMBER}")) == 1
    for _ in range(2):
        held = stage.held(bad)
        assert (held.state, held.by, held.why) == ("dropped", "anna", "holds ***********")
        assert stage.books == Books(2, 1, 1, 0)
        assert stage.quarantine.held(Wanted()) == []
        (answer,) = stage.topic.answers.values()
        assert (answer.state, answer.why) == ("dropped", "holds ***********")
        stage.take()


def test_what_is_in_the_facts_is_accepted_though_it_was_dropped_before(stage: Stage) -> None:
    (where,) = stage.publish(late(sample()))
    stage.take()
    stage.drop(where)
    stage.register()
    stage.take()
    assert stage.held(where).state == "accepted"
    assert stage.books == Books(1, 1, 0, 0)
    assert stage.topic.answers == {}
    assert stage.drop(where) == []


# --- a rehearsal ---


def test_a_rehearsal_judges_as_the_store_does_and_changes_nothing(stage: Stage) -> None:
    events = [each.event for each in (*good_examples(), *bad_examples()) if each.contract is REGISTRATION]
    assert len(events) > 20
    stage.publish(*map(late, events), late(sample())[:-3], late(sample()) + b"\0")
    stage.take()
    stage.register()
    before = stage.books, stage.quarantine.held(Wanted(state=None)), dict(stage.topic.answers)
    rehearsed = stage.replay(rehearsal=True)
    assert (stage.books, stage.quarantine.held(Wanted(state=None)), stage.topic.answers) == before
    done = stage.replay()
    assert [(each.place, each.outcome, each.reason) for each in rehearsed] == [
        (each.place, each.outcome, each.reason) for each in done
    ]
    assert {each.outcome for each in done} == {"accepted", "refused"}


# --- what is asked for ---


def test_records_are_found_by_agency_reason_topic_time_state_and_place(stage: Stage) -> None:
    stage.publish(b"\x01", b"\x01", agency="fedasil")
    stage.publish(encoded(sample(person=None, agency="mun-62063")))
    stage.take()
    stage.drop(place(1))
    moment = stage.held(place(0)).kafka_time

    def offsets(**wanted: Any) -> list[int]:
        return sorted(held.place.offset for held in stage.quarantine.held(Wanted(**wanted)))

    assert offsets() == [0, 2]
    assert offsets(state=None) == [0, 1, 2]
    assert offsets(state="dropped") == [1]
    assert offsets(agency="fedasil") == [0]
    assert offsets(reason="missing") == [2]
    assert offsets(topic=next(iter(contracts()))) == []
    assert offsets(since=moment) == [0, 2]
    assert offsets(until=moment) == []
    assert offsets(state=None, places=(place(1), place(2))) == [1, 2]
    assert len(offsets(limit=1)) == 1


def test_a_place_is_read_as_it_is_written() -> None:
    assert Place.parse(str(place(17))) == place(17)
    for odd in ("", "a", "a/0", "a/b/c", "a/0/-1", "a/0/1/2", "/0/1"):
        with pytest.raises(ValueError, match="expected TOPIC/PARTITION/OFFSET"):
            Place.parse(odd)
