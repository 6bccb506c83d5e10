"""Killing the worker in the middle of a stream on Apache Kafka: nothing lost, nothing double, one mail each."""

from __future__ import annotations

import random
import threading
from collections import Counter
from datetime import UTC, datetime

import pytest

from tests.e2e.platform import Platform, yesterday_noon
from tests.events import registration
from tests.parts.deadlines import wait_until

TOPIC = "bewithu.registration.v1"
EVENTS = 6_000
LIEGE, GENT = "62063", "44021"
SEED = 20221115
KILLS = 3


@pytest.mark.timeout(420)
def test_a_worker_killed_three_times_in_mid_stream_loses_and_doubles_nothing(
    kafka_platform: Platform,
) -> None:
    platform, chance = kafka_platform, random.Random(SEED)
    platform.start_worker()
    expected: Counter[str] = Counter()
    published = threading.Thread(target=publish, args=(platform, chance, expected), name="agency")
    published.start()
    for killed in range(1, KILLS + 1):
        before = EVENTS * killed // 5
        wait_until(lambda before=before: platform.books().published >= before, 60, f"{before} records stored")
        assert platform.worker is not None
        platform.worker.kill()
        platform.start_worker()
    published.join(60)

    total = sum(expected.values())
    wait_until(lambda: platform.books().published >= total, 90, f"all {total} records stored")
    books = platform.books()
    assert books.published == total
    assert books.quarantined == expected["broken"]
    assert books.accepted == expected["event"]
    assert books.duplicates == expected["duplicate"]

    # Law 1, seen from the tables: each event and each refused record is there once, in one of them.
    facts = platform.rows("SELECT count(), uniqExact(event_id) FROM facts_registration FINAL")
    assert [tuple(row) for row in facts] == [(expected["event"], expected["event"])]
    places = platform.rows("SELECT count(), uniqExact(partition, offset) FROM quarantine FINAL")
    assert [tuple(row) for row in places] == [(expected["broken"], expected["broken"])]

    # Law 5: two regions fired. Whoever is told of a transition is told once.
    wait_until(lambda: len(platform.told()) >= 4, 180, "both regions' alerts to be told")
    # A mail whose sending a kill cut off is sent once more after two minutes (docs/decisions/0006).
    wait_until(lambda: not waiting_mails(platform), 180, "every mail to be sent or given up")
    arrived = Counter(platform.told())
    assert max(arrived.values()) <= 2, "a mail was sent again and again"
    assert sum(arrived.values()) - len(arrived) <= KILLS, "more mails came twice than were cut off"
    told = list(arrived)
    transitions = platform.rows("SELECT uniqExact(id) FROM alert_log WHERE kind IN ('firing', 'resolved')")[
        0
    ][0]
    assert len(told) == 2 * transitions


def publish(platform: Platform, chance: random.Random, expected: Counter[str]) -> None:
    """Sound events, some of them twice, some damaged, at a pace that lasts through the kills."""
    now, pause = datetime.now(UTC), threading.Event()
    with platform.publisher() as publisher:
        for number in range(EVENTS):
            person = f"{number:031x}a"
            message = registration(person, yesterday_noon(), municipality=chance.choice([LIEGE, GENT]))
            value = publisher.encode(TOPIC, message.event)
            copies = {"event": value}
            if chance.random() < 0.02:
                copies["broken"] = value[:-7]
            if chance.random() < 0.05:
                copies["duplicate"] = value
            for kind, copy in copies.items():
                publisher.send(TOPIC, person.encode(), copy, now, "dvz")
                expected[kind] += 1
            if number % 100 == 0:
                pause.wait(0.25)
        publisher.flush(60)


def waiting_mails(platform: Platform) -> int:
    """Mails that were queued and are neither sent nor given up."""
    rows = platform.rows(
        "SELECT countIf(NOT done) FROM (SELECT message_id, max(outcome IN ('sent', 'given_up')) AS done"
        " FROM mail_log WHERE message_id != '' GROUP BY message_id)"
    )
    return int(rows[0][0])
