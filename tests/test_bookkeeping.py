"""The books: published = accepted + quarantined + duplicates (law 1), and how each agency's feed does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from schemas.contracts import contracts
from schemas.intake import BatchNote
from sinks.clickhouse.bookkeeping import Bookkeeping, Books, received
from sinks.clickhouse.database import Database
from sinks.clickhouse.fact_store import ClickHouseFactStore
from tests.events import Message, Platform, benefit_grant, empty, person, registration

MOMENT = datetime(2025, 3, 3, 9, 30, tzinfo=UTC)
TOPIC = registration(person(1), MOMENT).topic


@pytest.fixture
def platform(database: Database) -> Platform:
    return Platform(database)


def books(database: Database) -> Books:
    return Bookkeeping(database).books()


# --- offsets received ---

PLACES = st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 1))
RANGES = st.lists(st.tuples(PLACES, st.integers(0, 40), st.integers(0, 12)), max_size=20)


@given(RANGES)
@example([(("a", 0), 0, 0)])
@example([(("a", 0), 0, 9), (("a", 0), 2, 3), (("a", 0), 5, 12)])
@example([(("a", 0), 0, 9), (("a", 1), 0, 0), (("b", 0), 0, 0)])
def test_received_counts_every_offset_once(drawn: list[tuple[tuple[str, int], int, int]]) -> None:
    ranges = sorted((*place, first, first + more) for place, first, more in drawn)
    offsets = {
        (topic, part, offset) for topic, part, first, last in ranges for offset in range(first, last + 1)
    }
    assert received(ranges) == len(offsets)


def note(partition: int, first: int, last: int) -> BatchNote:
    return BatchNote((), TOPIC, partition, first, last, last - first + 1, 0, MOMENT)


def test_batches_that_came_again_in_other_pieces_are_counted_once(database: Database) -> None:
    # partition 0: 0..9, again 0..4 and 3..12; partition 1: 0..9
    store = ClickHouseFactStore(database)
    for partition, first, last in ((0, 0, 9), (0, 0, 4), (0, 3, 12), (1, 0, 9), (0, 0, 9)):
        store.note([note(partition, first, last)])
    assert books(database).published == 13 + 10


# --- the books ---


def test_empty_books_are_all_noughts(database: Database) -> None:
    assert books(database) == Books(0, 0, 0, 0)
    assert Bookkeeping(database).feeds() == []
    assert Bookkeeping(database).last_refresh() is None


def test_every_record_is_accepted_quarantined_or_a_duplicate(platform: Platform, database: Database) -> None:
    first = registration(person(1), MOMENT)
    grant = benefit_grant(person(2), MOMENT)
    platform.send(first, first.changed(revision=1), grant)
    platform.send(first, grant)  # sent again by their agencies
    platform.send(registration("no pseudonym", MOMENT))
    platform.take(TOPIC, 1, [None, b"\x07", platform.registry.wire(registration(person(3), MOMENT))], times=3)
    # sent: 3 + 2 + 1 + 3; that a batch came three times is no duplicate
    assert books(database) == Books(published=9, accepted=4, quarantined=3, duplicates=2)
    assert platform.log.published == 9


def test_beside_the_intake_a_batch_counts_once_it_is_on_record(
    platform: Platform, database: Database
) -> None:
    first = registration(person(1), MOMENT)
    platform.send(first, first, registration("no pseudonym", MOMENT))
    on_record = books(database)
    assert on_record == on_record.while_storing() == Books(3, 1, 1, 1)
    records = database.rows("SELECT topic, partition, first_offset, last_offset FROM batches")
    platform.take(TOPIC, 1, [platform.registry.wire(registration(person(n), MOMENT)) for n in (2, 3)])
    platform.send(registration("none either", MOMENT))
    database.run("TRUNCATE TABLE batches")
    # As the view finds them between the facts of both batches and their records.
    ClickHouseFactStore(database).note([note(part, first, last) for _, part, first, last in records])
    assert books(database) == Books(published=3, accepted=3, quarantined=2, duplicates=-2)
    assert books(database).while_storing() == Books(published=3, accepted=1, quarantined=2, duplicates=0)
    assert Books(1, 4, 2, -5).while_storing() == Books(1, 0, 1, 0)


EVENTS = [registration(person(1), MOMENT), registration(person(1), MOMENT), benefit_grant(person(2), MOMENT)]


def acts() -> st.SearchStrategy[list[tuple[int, int, int, int]]]:
    """Which event (the last is none), which revision, which partition, how often its batch is taken."""
    return st.lists(
        st.tuples(st.integers(0, len(EVENTS)), st.integers(0, 1), st.integers(0, 1), st.integers(1, 2)),
        max_size=6,
    )


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts())
def test_the_books_balance_whatever_comes(database: Database, drawn: list[tuple[int, int, int, int]]) -> None:
    empty(database)
    platform = Platform(database)
    seen: set[tuple[object, int]] = set()
    refused = 0
    for which, revision, partition, times in drawn:
        if which == len(EVENTS):
            platform.take(TOPIC, partition, [b"junk"], times)
            refused += 1
            continue
        message = EVENTS[which].changed(revision=revision)
        platform.take(message.topic, partition, [platform.registry.wire(message)], times)
        seen.add((message.event["event_id"], revision))
    repeated = len(drawn) - len(seen) - refused
    assert books(database) == Books(len(drawn), len(seen), refused, repeated)


# --- feeds ---


def late(message: Message, by: timedelta) -> Message:
    return message.changed(recorded_at=message.event["occurred_at"] + by, event_id=uuid4())


def test_a_feed_tells_its_newest_event_and_what_was_refused(platform: Platform, database: Database) -> None:
    platform.clock.moment = MOMENT + timedelta(days=9)
    event = registration(person(1), MOMENT)
    platform.send(late(event, timedelta(days=2)), late(event, timedelta(days=1)))
    seen = platform.clock.moment
    platform.clock.moment += timedelta(days=1)
    refusals: list[Any] = [{"agency": "fedasil", "person": None}, {"agency": "fedasil", "person": "x"}]
    platform.send(*(event.changed(**broken) for broken in refusals))
    platform.send(benefit_grant(person(2), MOMENT).changed(municipality="00000"))
    cpas, dvz, fedasil = Bookkeeping(database).feeds()
    assert (dvz.agency, dvz.accepted, dvz.refused, dvz.refusals) == ("dvz", 2, 0, {})
    assert (dvz.recorded_at, dvz.seen_at) == (MOMENT + timedelta(days=2), seen)
    assert (fedasil.agency, fedasil.accepted, fedasil.refused) == ("fedasil", 0, 2)
    assert fedasil.refusals == {"missing": 1, "bad_format": 1}
    assert (fedasil.recorded_at, fedasil.seen_at) == (None, platform.clock.moment)
    assert (cpas.agency, cpas.refusals) == ("cpas-62063", {"unknown_municipality": 1})
    assert Bookkeeping(database).last_recorded() == {"dvz": dvz.recorded_at}


def test_an_agency_s_feeds_of_several_topics_are_one(platform: Platform, database: Database) -> None:
    platform.send(
        registration(person(1), MOMENT, agency="mun-62063"),
        benefit_grant(person(1), MOMENT, agency="mun-62063"),
    )
    (feed,) = Bookkeeping(database).feeds()
    assert (feed.agency, feed.accepted) == ("mun-62063", 2)
    assert Bookkeeping(database).last_recorded() == {"mun-62063": feed.recorded_at}
    assert len(contracts()) > 2


def test_a_refusal_that_is_taken_twice_is_counted_once(platform: Platform, database: Database) -> None:
    platform.take(TOPIC, 0, [b"junk", b"junk"], times=2)
    (feed,) = Bookkeeping(database).feeds()
    assert (feed.refused, sum(feed.refusals.values())) == (2, 2)


# --- the quarantine and the last refresh ---


def test_the_quarantine_is_read_newest_first_by_agency_and_by_reason(
    platform: Platform, database: Database
) -> None:
    for agency in ("dvz", "fedasil", "dvz"):
        platform.clock.moment += timedelta(minutes=1)
        platform.send(registration("x", MOMENT, agency=agency))
    platform.take(TOPIC, 0, [b"\x00\x00\x00\x00\x01"])
    found = Bookkeeping(database)
    newest, *_ = found.quarantined(1, "dvz", None)
    assert (newest.offset, newest.known_at, newest.reason) == (2, platform.clock.moment, "bad_format")
    assert [each.offset for each in found.quarantined(10, None, "bad_format")] == [2, 1, 0]
    assert [each.offset for each in found.quarantined(10, "dvz", None)] == [2, 0]
    assert len(found.quarantined(10, None, None)) == 4
    assert found.quarantined(10, "nobody", None) == []


def test_the_last_refresh_is_the_one_of_the_newest_moment(platform: Platform, database: Database) -> None:
    platform.send(registration(person(1), MOMENT))
    while platform.refresh():
        done = platform.clock.moment
    assert Bookkeeping(database).last_refresh() == done


def test_an_event_sent_twice_is_accepted_once_by_its_feed(platform: Platform, database: Database) -> None:
    event = registration(person(1), datetime(2024, 3, 1, 12, tzinfo=UTC))
    platform.send(event, event)
    (feed,) = Bookkeeping(database).feeds()
    assert feed.accepted == 1
