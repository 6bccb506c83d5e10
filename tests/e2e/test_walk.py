"""The walk, once: an agency's event becomes a fact, a value, an alert, and a coordinator's mail."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from streams.publisher import EventRefused, Publisher
from tests.alert_topic import alert_topic
from tests.e2e.platform import Platform, yesterday_noon
from tests.events import registration
from tests.parts.deadlines import wait_until

REGISTRATIONS = "bewithu.registration.v1"
LIEGE = "62063"


def event(number: int, **fields: Any) -> dict[str, Any]:
    person = f"{number:031x}a"
    return dict(registration(person, yesterday_noon(), **{"municipality": LIEGE, **fields}).event)


def test_an_agencys_events_become_a_value_an_alert_and_one_mail_for_each_coordinator(
    platform: Platform,
) -> None:
    platform.start_worker()
    with (
        platform.publisher() as publisher,
        alert_topic(platform.broker.bootstrap_servers, platform.registry.url) as topic,
    ):
        walk(platform, publisher, datetime.now(UTC))
        # Other systems read the same steps.
        wait_until(lambda: len(topic.read()) >= 2, 30, "both steps on the topic of alerts")
    told = [(each.key, each.event["kind"], each.event["severity"]) for each in topic.messages]
    assert told == [
        ("many_registrations|03000", "firing", "warning"),
        ("many_registrations|03000", "retracted", "warning"),
    ]


def walk(platform: Platform, publisher: Publisher, now: datetime) -> None:
    # The contract: a wrong event is not even sent; one that comes anyway is refused with a reason.
    with pytest.raises(EventRefused, match="municipality is '99999': unknown_municipality"):
        publisher.publish(REGISTRATIONS, event(0, municipality="99999"), now)
    wrong = publisher.encode(REGISTRATIONS, event(0, municipality="99999"))
    publisher.send(REGISTRATIONS, b"0", wrong, now, "dvz")

    # Thirty certificates in Liège yesterday, one of them sent twice.
    events = [event(number) for number in range(1, 31)]
    for each in [*events, events[0]]:
        publisher.publish(REGISTRATIONS, each, now)
    publisher.flush(30)

    wait_until(lambda: platform.books().published == 32, 60, "all records to be stored")
    books = platform.books()
    assert (books.accepted, books.quarantined, books.duplicates) == (30, 1, 1)
    refused = platform.rows("SELECT agency, reason FROM quarantine FINAL")
    assert [tuple(each) for each in refused] == [("dvz", "unknown_municipality")]

    # The value, in the municipality and above it.
    for area in (LIEGE, "03000", "BE"):
        wait_until(lambda area=area: value(platform, area) == 30, 30, f"30 registrations in {area}")

    # The alert, and a mail to Wallonia and to the country, not to Flanders.
    wait_until(lambda: len(platform.told()) >= 2, 60, "two mails")
    assert {recipient for recipient, _ in platform.told()} == {
        "crisis@example.invalid",
        "wallonie@example.invalid",
    }
    subjects = {mail.message["Subject"] for mail in platform.mail.mails}
    assert all("30" in subject for subject in subjects)
    (alert,) = platform.get("api/v1/alerts")["alerts"]
    assert (alert["rule"], alert["area"], alert["state"]) == ("many_registrations", "03000", "firing")

    # The agency takes ten back: the past is restated, the alert withdrawn, the same coordinators hear of it.
    for each in events[:10]:
        publisher.publish(REGISTRATIONS, {**each, "revision": 1, "cancelled": True}, now)
    publisher.flush(30)
    wait_until(lambda: value(platform, "BE") == 20, 60, "20 registrations after ten were cancelled")
    wait_until(lambda: len(platform.told()) >= 4, 60, "two more mails")
    assert len(set(platform.told())) == len(platform.told()) == 4


def value(platform: Platform, area: str) -> float | None:
    day = yesterday_noon().date().isoformat()
    found: float | None = platform.get(f"api/v1/indicators/registrations_7d?area={area}&day={day}")["value"][
        "value"
    ]
    return found
