"""Takes, redeliveries, replays, drops and a schema registered late, in any order: books, facts and answers are true."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.quarantine import Wanted
from sinks.clickhouse.bookkeeping import Books
from sinks.clickhouse.database import Database
from tests.events import empty
from tests.intake_samples import REGISTRATION, as_fact, encoded, facts, sample
from tests.quarantine_stage import LOOKS_LIKE_ONE, Stage, late, place

EVENT, OTHER = sample(), sample()
#: Its bytes are masked in the quarantine, so that a replay needs Kafka.
REVISED = sample(revision=1, event_id=LOOKS_LIKE_ONE)
RECORDS: tuple[tuple[bytes | None, Any, bool], ...] = (
    # value, its event when it is sound, whether only with the late schema
    (encoded(EVENT), EVENT, False),
    (late(EVENT), EVENT, True),
    (late(OTHER), OTHER, True),
    (b"\x01junk", None, False),
    (encoded(sample(municipality="99999")), None, False),
    (late(sample(person=None, event_id=OTHER["event_id"])), None, True),
    (late(REVISED), REVISED, True),
    (encoded(EVENT | {"revision": 2, "person": None}), None, False),
)
OFFSETS = st.integers(0, len(RECORDS) - 1)
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.tuples(OFFSETS, OFFSETS)),
        st.tuples(st.just("take as older worker"), st.tuples(OFFSETS, OFFSETS)),
        st.tuples(st.just("replay"), st.sets(OFFSETS)),
        st.tuples(st.just("drop"), st.sets(OFFSETS, min_size=1, max_size=2)),
        st.tuples(st.just("register"), st.none()),
    ),
    max_size=9,
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ACTS)
def test_the_books_balance_and_answers_are_true_however_acts_follow_one_another(
    database: Database, acts: list[tuple[str, Any]]
) -> None:
    empty(database)
    stage = Stage(database)
    stage.publish(*(value for value, _, _ in RECORDS))
    received: set[int] = set()
    refused: set[int] = set()
    accepted: set[int] = set()
    dropped: set[int] = set()
    registered = False

    def taken(offsets: set[int], registered: bool) -> None:
        for offset in offsets:
            _, event, only_late = RECORDS[offset]
            if event is not None and (registered or not only_late):
                accepted.add(offset)
            else:
                refused.add(offset)

    for act, drawn in acts:
        if act == "take":
            first, last = sorted(drawn)
            stage.take(first, last)
            received |= set(range(first, last + 1))
            taken(set(range(first, last + 1)), registered)
        elif act == "take as older worker":
            first, last = sorted(drawn)
            stage.take_as_older_worker(first, last)
            received |= set(range(first, last + 1))
            taken(set(range(first, last + 1)), False)
        elif act == "replay":
            stage.replay(*map(place, sorted(drawn)))
            # Without places all that is open.
            taken((drawn & refused) if drawn else (refused - accepted - dropped), registered)
        elif act == "drop":
            stage.drop(*map(place, sorted(drawn)))
            dropped |= (drawn & refused) - accepted
        else:
            stage.register()
            registered = True

    events = {(RECORDS[offset][1]["event_id"], RECORDS[offset][1]["revision"]) for offset in accepted}
    quarantined = received - accepted
    duplicates = len(accepted) - len(events)
    assert stage.books == Books(len(received), len(events), len(quarantined), duplicates)
    assert facts(database) == {as_fact(REGISTRATION, RECORDS[offset][1]) for offset in accepted}
    states = {held.place.offset: held.state for held in stage.quarantine.held(Wanted(state=None))}
    assert states == {
        offset: "accepted" if offset in accepted else "dropped" if offset in dropped else "open"
        for offset in refused
    }
    assert stage.told() == stage.expected_answers()
