"""Two real workers and a real Prometheus with the shipped rules: it knows what was sent, also when the lead moves."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from streams.publisher import Publisher
from tests.e2e.test_walk import REGISTRATIONS, event
from tests.metrics.stage import ROOT, documented, exported
from tests.parts.deadlines import wait_until
from tests.parts.processes import running
from tests.parts.prometheus import INSTALL, PROGRAM, Prometheus, promtool
from tests.parts.require import require_part
from tests.worker_process import Stage, Worker, publishing, stage

RULES = sorted((ROOT / "dashboards" / "prometheus" / "rules").glob("*.yml"))
NATIONAL_NUMBER = "85073003328"
#: A leader rests fifty times as long as it read the store: two seconds where the machine is busy.
READ_SECONDS = 120


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Stage]:
    require_part("Prometheus", PROGRAM is not None, INSTALL)
    with stage(tmp_path) as started:
        yield started


@pytest.mark.timeout(420)
def test_prometheus_knows_what_was_sent_and_the_next_leader_tells_it_once(
    parts: Stage, tmp_path: Path
) -> None:
    readings = {"BEWITHU_REFRESH__READINGS_SECONDS": "0.5"}
    with (
        running(parts.worker("first", **readings)) as first,
        running(parts.worker("second", **readings)) as second,
    ):
        workers = {f"127.0.0.1:{each.port}": each for each in (first, second)}
        for worker in workers.values():
            worker.wait_until_ready()
        with (
            running(Prometheus.start(tmp_path / "prometheus", list(workers), RULES)) as prometheus,
            publishing(parts) as publisher,
        ):
            send(publisher)
            knows_what_was_sent(prometheus, open_records=5)
            leader = the_leader(prometheus)
            is_whole(workers[leader])

            assert workers[leader].end(30) == 0
            (other,) = workers.keys() - {leader}
            wait_until(lambda: the_leader(prometheus) == other, 60, "the other worker to lead", every=0.2)
            more(publisher)
            knows_more(prometheus)
            assert {
                rule["name"]: rule["lastError"] for rule in prometheus.rules() if rule.get("lastError")
            } == {}
            assert {rule["health"] for rule in prometheus.rules()} == {"ok"}


def send(publisher: Publisher) -> None:
    """47 good records: of an agency, of a local one, and of five whose codes nobody knows; and 5 bad ones."""
    now = datetime.now(UTC)
    codes = ["dvz"] * 30 + ["cpas-62063"] * 12 + [f"evil-{number}" for number in range(5)]
    for number, agency in enumerate(codes, 1):
        publisher.publish(REGISTRATIONS, event(number, agency=agency), now)
    for number in range(3):
        wrong = publisher.encode(REGISTRATIONS, event(number, municipality="99999"))
        publisher.send(REGISTRATIONS, str(number).encode(), wrong, now, "dvz")
    publisher.send(REGISTRATIONS, b"junk", b"\0\0\0\0\0junk", now, "evil-9")
    publisher.send(REGISTRATIONS, b"more junk", b"\7", now, NATIONAL_NUMBER)
    publisher.flush(30)


def more(publisher: Publisher) -> None:
    for number in range(101, 111):
        publisher.publish(REGISTRATIONS, event(number), datetime.now(UTC))
    publisher.flush(30)


def knows_what_was_sent(prometheus: Prometheus, open_records: int) -> None:
    comes(prometheus, 'sum(bewithu_records_total{outcome="accepted"})', 47)
    comes(prometheus, 'sum(bewithu_records_total{outcome="quarantined"})', open_records)
    comes(prometheus, f'sum(bewithu_records_total{{topic="{REGISTRATIONS}"}})', 52)
    comes(prometheus, "sum(bewithu_batch_records_sum)", 52)
    wait_until(
        lambda: prometheus.by("agency", "sum by (agency) (bewithu_agency_events_total) > 0")
        == {"dvz": 30, "cpas": 12, "other": 5},
        READ_SECONDS, "the events of each agency", every=0.2,
    )  # fmt: skip
    comes(prometheus, "sum(bewithu_quarantine_open_records)", open_records)
    assert prometheus.by("agency", "sum by (agency) (bewithu_agency_quarantine_open_records)") == {
        "dvz": 3, "other": 2,
    }  # fmt: skip
    assert prometheus.value("sum(bewithu_leader)") == 1
    assert prometheus.value("sum(bewithu_assigned_partitions)") == 16
    comes(prometheus, "sum(bewithu_consumer_lag_records)", 0)
    comes(prometheus, "count(bewithu_consumer_lag_records)", 16)
    assert prometheus.by("agency", "bewithu_agency_silence_seconds < 120").keys() == {"dvz", "cpas", "other"}
    comes(prometheus, "sum(bewithu_end_to_end_latency_seconds_count) > bool 0", 1)
    comes(prometheus, "count(topic:bewithu_consumer_lag_records:sum == 0)", 8)


def the_leader(prometheus: Prometheus) -> str:
    """Its instance; empty while there is not one."""
    leaders = [labels["instance"] for labels, _ in prometheus.query("bewithu_leader == 1")]
    return leaders[0] if len(leaders) == 1 else ""


def knows_more(prometheus: Prometheus) -> None:
    """What both workers counted is added up; what is stored is told by one."""
    comes(prometheus, 'sum(max_over_time(bewithu_records_total{outcome="accepted"}[10m]))', 57)
    comes(prometheus, 'sum(bewithu_agency_events_total{agency="dvz"})', 40)
    assert prometheus.value("sum(bewithu_quarantine_open_records)") == 5
    assert prometheus.value("count(bewithu_readings_age_seconds)") == 1
    assert prometheus.value("sum(bewithu_leader)") == 1
    assert prometheus.value("count(up == 0)") == 1


def comes(prometheus: Prometheus, expression: str, value: float) -> None:
    wait_until(
        lambda: prometheus.value(expression) == value, READ_SECONDS, f"{expression} to be {value}", every=0.2
    )


def is_whole(leader: Worker) -> None:
    """Its answer has what the page says, nobody's number, and no label that a sender made."""
    with urllib.request.urlopen(f"http://127.0.0.1:{leader.port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    assert {name: each.kind for name, each in exported(text).items()} == {
        name: each.kind for name, each in documented().items()
    }
    assert promtool("check", "metrics", given=text) == ""
    assert "evil" not in text
    assert NATIONAL_NUMBER not in text
