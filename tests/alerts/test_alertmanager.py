"""Whatever receives the webhooks of a real Alertmanager can receive ours: they are held against each other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.address_book import Webhook
from alerts.hook_post import HookPost
from alerts.webhook import fingerprint, payload
from tests.alerts.samples import ARRIVALS, NOON, rule, transition
from tests.parts.alertmanager import Alertmanager
from tests.parts.deadlines import wait_until_async
from tests.parts.processes import running
from tests.parts.receiver import Receiver

BOARD = "https://bewithu.example.invalid"
RULE = rule(labels={"domain": "housing"})
FIRING = transition("firing", 2, since=NOON - timedelta(days=2, seconds=-0.5))
RESOLVED = transition(
    "resolved", 3, since=FIRING.since, at=NOON + timedelta(days=5, milliseconds=120), value=90.0
)


@pytest.fixture
def alertmanager(tmp_path: Path, receiver: Receiver) -> Iterator[Alertmanager]:
    with running(Alertmanager.start(tmp_path, "dispatch", receiver.url, BOARD)) as started:
        yield started


def as_prometheus_sends(alert: dict[str, Any]) -> dict[str, Any]:
    """The alert of a payload, as Alertmanager takes it."""
    given = {name: alert[name] for name in ("labels", "annotations", "startsAt", "generatorURL")}
    return given if alert["status"] == "firing" else given | {"endsAt": alert["endsAt"]}


def shape(found: Any) -> Any:
    """Keys and types at every level; of a list that of each entry, of a moment that it is one in UTC."""
    if isinstance(found, dict):
        return {name: shape(value) for name, value in found.items()}
    if isinstance(found, list):
        return [shape(each) for each in found]
    if isinstance(found, str) and found.endswith("Z") and found[10:11] == "T":
        datetime.fromisoformat(found)
        return "a moment"
    return type(found).__name__


async def test_our_payload_is_what_alertmanager_sends_of_the_same_alert(
    alertmanager: Alertmanager, receiver: Receiver
) -> None:
    hook = Webhook(name="dispatch", url=receiver.url, areas=("BE",))
    for number, step in enumerate((FIRING, RESOLVED)):
        ours = payload(step, RULE, ARRIVALS, hook.name, BOARD)
        (alert,) = ours["alerts"]
        alertmanager.take([as_prometheus_sends(alert)])
        await wait_until_async(
            lambda number=number: len(receiver.posted) > 2 * number,  # type: ignore[misc]
            30,
            f"Alertmanager to tell that it is {step.kind}",
            process=alertmanager.process,
        )
        assert (await HookPost().send(ours, hook)).outcome == "sent"
        theirs, posted = receiver.posted[2 * number :]
        assert shape(posted.body) == shape(theirs.body)
        assert posted.headers["Content-Type"] == theirs.headers["Content-Type"]
        assert (posted.body["status"], posted.body["alerts"][0]["status"]) == (step.kind, step.kind)
        # Not the keys alone: all values are the same, but the fingerprint, which Alertmanager takes of all labels.
        (their_alert,) = theirs.body["alerts"]
        assert their_alert["fingerprint"] == fingerprint(alert["labels"])
        their_alert["fingerprint"] = alert["fingerprint"]
        assert posted.body == theirs.body


async def test_our_fingerprint_is_alertmanagers_for_the_labels_that_make_an_alert(
    alertmanager: Alertmanager, receiver: Receiver
) -> None:
    ours = payload(FIRING, RULE, ARRIVALS, "dispatch", BOARD)
    alertmanager.take([{"labels": ours["groupLabels"]}])
    await wait_until_async(
        lambda: receiver.posted, 30, "Alertmanager to tell it", process=alertmanager.process
    )
    assert receiver.posted[0].body["alerts"][0]["fingerprint"] == ours["alerts"][0]["fingerprint"]
