"""What a webhook is told: golden files, and each field that a receiver may rest on."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.webhook import fingerprint, moment, payload
from bewithu.clock import BRUSSELS
from schemas.alerting import Kind, Transition
from schemas.areas import UnknownArea
from tests.alerts.samples import ARRIVALS, NOON, letter, rule, transition

GOLDEN = Path(__file__).parent / "golden"
BOARD = "https://bewithu.example.invalid"


def told(step: Transition | None = None, batch: int = 1, **changes: Any) -> dict[str, Any]:
    return payload(step or transition(), rule(**changes), replace(ARRIVALS, batch=batch), "dispatch", BOARD)


def alert(step: Transition | None = None, **changes: Any) -> dict[str, Any]:
    (only,) = told(step, **changes)["alerts"]
    return dict(only)


@pytest.mark.parametrize("kind", ["firing", "resolved"])
def test_the_payload_is_the_one_that_was_read_and_approved(kind: Kind) -> None:
    about = letter("en", kind)
    posted = payload(about.transition, about.rule, about.indicator, "dispatch", about.board)
    text = json.dumps(posted, indent=2, ensure_ascii=False) + "\n"
    file = GOLDEN / f"webhook.{kind}.json"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(text, "utf-8")
    assert file.read_text("utf-8") == text, f"UPDATE_GOLDEN=1 rewrites {file.name}; read it before committing"


def test_what_ends_an_alert_is_known_for_the_alert_that_it_ends() -> None:
    later = NOON + timedelta(days=5)
    begun, over = told(transition("firing", 2)), told(transition("resolved", 3, at=later, value=90.0))
    same = ("fingerprint", "startsAt", "labels")
    assert [begun["alerts"][0][name] for name in same] == [over["alerts"][0][name] for name in same]
    assert begun["groupKey"] == over["groupKey"]
    assert (begun["status"], begun["alerts"][0]["endsAt"]) == ("firing", "0001-01-01T00:00:00Z")
    assert (over["status"], over["alerts"][0]["endsAt"]) == ("resolved", "2022-03-19T11:02:00Z")


def test_an_edited_rule_does_not_leave_an_alert_behind_that_never_ends() -> None:
    before = alert(severity="warning", labels={"domain": "housing"})
    after = alert(severity="critical", labels={"domain": "reception", "team": "north"})
    assert before["labels"] != after["labels"]
    assert before["fingerprint"] == after["fingerprint"]


def test_each_rule_and_each_area_has_a_fingerprint_of_its_own() -> None:
    steps = [transition(), transition(area="BE"), transition(rule="other")]
    assert len({alert(step)["fingerprint"] for step in steps}) == 3


def test_a_fingerprint_is_fnv_1a_of_names_and_values() -> None:
    # The published test vector of the hash itself, and what Alertmanager 0.25 gives these labels.
    assert fingerprint({}) == "cbf29ce484222325"
    assert fingerprint({"alertname": "x", "area": "60000", "level": "province"}) == "811a5b19c81b1b81"


def test_a_rules_own_labels_are_there_and_ours_count() -> None:
    labels = alert(labels={"domain": "housing", "area": "mine", "empty": ""})["labels"]
    assert labels == {
        "alertname": "arrivals_high",
        "area": "60000",
        "domain": "housing",
        "indicator": "arrivals_emergency_housing_7d",
        "level": "province",
        "severity": "warning",
    }
    assert list(labels) == sorted(labels)


def test_severity_is_that_of_the_area() -> None:
    assert alert(overrides={"60000": {"severity": "critical"}})["labels"]["severity"] == "critical"


@pytest.mark.parametrize(
    ("value", "batch", "written"),
    [(412.0, 5, "412 persons"), (0.0, 5, "< 5 persons"), (0.0, 1, "0 persons"), (None, 5, "no figure")],
)
def test_a_value_is_told_as_in_mails(value: float | None, batch: int, written: str) -> None:
    annotations = alert(transition(value=value), batch=batch)["annotations"]
    assert annotations["value"].replace("\N{NO-BREAK SPACE}", " ") == written


def test_where_nothing_was_held_against_the_value_there_is_no_threshold() -> None:
    assert alert(transition(threshold=None))["annotations"]["threshold"] == "none"


def test_the_link_leads_to_the_page_of_the_alert_on_the_board() -> None:
    link = alert()["generatorURL"]
    assert link == f"{BOARD}/alerts/{alert()['fingerprint']}?lang=en#since-20220312T110200Z"
    slash = payload(transition(), rule(), ARRIVALS, "dispatch", f"{BOARD}/")
    assert (slash["alerts"][0]["generatorURL"], slash["externalURL"]) == (link, BOARD)


@pytest.mark.parametrize(
    ("time", "written"),
    [
        (datetime(2022, 3, 14, 11, 2, tzinfo=UTC), "2022-03-14T11:02:00Z"),
        (datetime(2022, 3, 14, 11, 2, 10, 500_000, UTC), "2022-03-14T11:02:10.5Z"),
        (datetime(2022, 3, 14, 11, 2, 0, 120_000, UTC), "2022-03-14T11:02:00.12Z"),
        (datetime(2022, 7, 1, 1, 0, tzinfo=BRUSSELS), "2022-06-30T23:00:00Z"),
    ],
)
def test_a_moment_is_written_as_go_does(time: datetime, written: str) -> None:
    assert moment(time) == written


def test_an_area_of_an_earlier_geography_cannot_be_told() -> None:
    with pytest.raises(UnknownArea):
        told(transition(area="99999"))
