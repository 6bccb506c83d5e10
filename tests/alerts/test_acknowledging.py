"""Who looks after which alert: it counts until the alert is over, for that alert alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts.acknowledging import acknowledged, look_up, shown_name
from alerts.evaluate import latest
from schemas.alerting import KINDS, Acknowledgement, Kind
from sinks.clickhouse.acknowledgements import ClickHouseAcknowledgements
from sinks.clickhouse.alert_log import ClickHouseAlertLog
from sinks.clickhouse.database import Database
from tests.alerts.samples import LIEGE, NOON, book, coordinator, transition
from tests.command_line import CommandLine

SINCE = NOON - timedelta(days=2)
HOUR = timedelta(hours=1)
ALERT = ("arrivals_high", LIEGE)


def seen(author: str = "ann@x.be", at: datetime = NOON, **changes: Any) -> Acknowledgement:
    fields = {"rule": "arrivals_high", "area": LIEGE, "since": SINCE, "comment": ""} | changes
    return Acknowledgement(author=author, at=at, **fields)


@pytest.mark.parametrize(
    ("kind", "counts"),
    [("pending", False), ("dropped", False), ("firing", True), ("recovering", True), ("relapsed", True),
     ("resolved", False)],
)  # fmt: skip
def test_it_counts_for_as_long_as_the_alert_goes_on(kind: Kind, counts: bool) -> None:
    assert kind in KINDS
    assert (ALERT in acknowledged(latest([transition(kind)]), [seen()])) == counts


def test_the_next_alert_of_the_same_rule_and_area_is_not_acknowledged() -> None:
    again = latest([transition("firing", 5, since=SINCE + HOUR)])
    assert acknowledged(again, [seen()]) == {}


@pytest.mark.parametrize("changes", [{"area": "62063"}, {"rule": "arrivals_low"}])
def test_nor_is_another_area_or_rule(changes: dict[str, Any]) -> None:
    assert acknowledged(latest([transition()]), [seen(**changes)]) == {}


def test_who_was_first_counts_in_whatever_order_they_are_read() -> None:
    first, second = seen("bo@x.be"), seen("ann@x.be", NOON + HOUR)
    for written in ([first, second], [second, first]):
        assert acknowledged(latest([transition()]), written) == {ALERT: first}


def test_others_read_a_name_and_no_address() -> None:
    people = book(coordinator("ann@x.be", LIEGE, name="Ann Peeters"))
    names = [shown_name(author, people) for author in ("ann@x.be", "left@x.be", "Night shift")]
    assert names == ["Ann Peeters", "left", "Night shift"]


class Unasked:
    def written(self, since: datetime) -> Sequence[Acknowledgement]:
        raise AssertionError(f"asked for those of alerts since {since}")


def test_nothing_is_asked_of_the_store_while_nothing_fires() -> None:
    assert look_up(latest([transition("resolved"), transition("pending", area="62063")]), Unasked()) == {}


def test_what_is_written_is_read_back_by_the_alerts_beginning(database: Database) -> None:
    kept = ClickHouseAcknowledgements(database)
    old = seen(since=SINCE - HOUR, comment="‘seen’, \\ and\nmore")
    new = seen("bo", NOON + HOUR)
    other = seen(area="62063", at=NOON + 2 * HOUR)
    for each in (new, other, old):
        kept.write(each)
    assert list(kept.written(SINCE - HOUR)) == [old, new, other]
    assert list(kept.written(SINCE)) == [new, other]
    assert list(kept.story("arrivals_high", LIEGE)) == [old, new]
    assert look_up(latest([transition()]), kept) == {ALERT: new}


@pytest.fixture
def log(bewithu: CommandLine, database: Database) -> ClickHouseAlertLog:
    """Of the store that the commands are set to read."""
    bewithu.read(database)
    return ClickHouseAlertLog(database)


def test_an_alert_is_acknowledged_on_the_command_line(bewithu: CommandLine, log: ClickHouseAlertLog) -> None:
    log.append([transition("pending", 1, id="p"), transition("firing", 2, id="f")])
    assert bewithu("alerts", "list", "--json").document[0]["acknowledged"] == ""
    before = datetime.now(UTC)
    told = bewithu("alerts", "ack", "arrivals_high", LIEGE, "--author", "Ann", "--comment", "two halls open")
    assert (told.code, told.out) == (0, f"arrivals_high in {LIEGE} is acknowledged by Ann until it is over\n")
    (listed,) = bewithu("alerts", "list", "--json").document
    assert listed["acknowledged"] == "Ann"
    assert "Ann" in bewithu("alerts", "list").out
    pending, firing = bewithu("alerts", "show", "arrivals_high", LIEGE, "--json").document
    assert pending["acknowledged"] == []
    (shown,) = firing["acknowledged"]
    assert (shown["by"], shown["comment"]) == ("Ann", "two halls open")
    assert before - timedelta(seconds=1) < datetime.fromisoformat(shown["at"]) <= datetime.now(UTC)
    assert "UTC: two halls open" in bewithu("alerts", "show", "arrivals_high", LIEGE).out
    log.append([transition("resolved", 3, id="r")])
    (over,) = bewithu("alerts", "list", "--all", "--json").document
    assert (over["state"], over["acknowledged"]) == ("resolved", "")


def test_who_comes_second_is_told_who_was_first(bewithu: CommandLine, log: ClickHouseAlertLog) -> None:
    log.append([transition("firing", 1)])
    first = bewithu("alerts", "ack", "arrivals_high", LIEGE, "--author", "Ann", "--json").document
    assert (first["by"], first["since"]) == ("Ann", SINCE.isoformat())
    second = bewithu("alerts", "ack", "arrivals_high", LIEGE, "--author", "Bo")
    assert second.code == 0
    assert second.out.startswith("Ann acknowledged it before, ")
    assert bewithu("alerts", "list", "--json").document[0]["acknowledged"] == "Ann"
    (firing,) = bewithu("alerts", "show", "arrivals_high", LIEGE, "--json").document
    assert [each["by"] for each in firing["acknowledged"]] == ["Ann", "Bo"]


def test_what_does_not_fire_cannot_be_acknowledged_and_what_does_is_named(
    bewithu: CommandLine, log: ClickHouseAlertLog
) -> None:
    log.append([transition("pending", 1), transition("firing", 1, area="62063")])
    answer = bewithu("alerts", "ack", "arrivals_high", LIEGE, "--author", "Ann")
    assert answer.code == 2
    told = " ".join(answer.err.replace("│", " ").split())
    assert f"arrivals_high does not fire in {LIEGE}; what fires: arrivals_high in 62063" in told
    assert bewithu("alerts", "ack", "arrivals_high", "99999").code == 2
