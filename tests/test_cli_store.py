"""Commands that show what is in the store: values, alerts, refusals."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from typing import Any

import pytest

from alerts.evaluate import to_millisecond
from bewithu.cli.printing import print_table
from bewithu.clock import SystemClock
from schemas.alerting import MailNote, Transition
from schemas.indicators import load_indicators
from schemas.intake import Refusal
from sinks.clickhouse.alert_log import ClickHouseAlertLog
from sinks.clickhouse.database import Database
from sinks.clickhouse.fact_store import ClickHouseFactStore
from tests.alerts import samples
from tests.command_line import CommandLine
from tests.stored_moves import Held, store_values

MOMENT = datetime(2025, 3, 3, 9, 30, tzinfo=UTC)


@pytest.fixture
def stored(bewithu: CommandLine, database: Database) -> Database:
    """The store that the commands are set to read."""
    bewithu.read(database)
    return database


def give_values(database: Database, values: Mapping[str, float], area: str = "BE") -> None:
    """Of one day, by breakdown."""
    held = (
        Held("registrations_7d", MOMENT.date(), value, area, part, MOMENT) for part, value in values.items()
    )
    store_values(database, load_indicators(files("streams.indicators")), held)


def test_a_value_is_shown_with_its_breakdowns(bewithu: CommandLine, stored: Database) -> None:
    give_values(stored, {"": 40, "sex=female": 25, "sex=male": 15})
    columns = ["refresh", "known_at", "batches", "changed_values", "milliseconds"]
    stored.insert("refreshes", columns, [[1, MOMENT, [], 3, 1]])
    answer = bewithu("indicators", "value", "registrations_7d", "--day", "2025-03-04", "--json")
    assert answer.code == 0
    rows = {row["breakdown"]: row for row in answer.document}
    assert rows["total"] == {
        "breakdown": "total", "value": 40.0, "provisional": False, "known_at": MOMENT.isoformat()
    }  # fmt: skip
    assert (rows["sex=female"]["value"], rows["sex=unknown"]["value"]) == (25.0, "suppressed")
    table = bewithu("indicators", "value", "registrations_7d", "--day", "2025-03-04")
    assert table.out.splitlines()[1].split()[:2] == ["total", "40.0"]


def test_a_suppressed_value_is_not_shown_and_the_answer_is_no(bewithu: CommandLine, stored: Database) -> None:
    give_values(stored, {"": 3}, "62063")
    answer = bewithu(
        "indicators", "value", "registrations_7d", "--area", "62063", "--day", "2025-03-03", "--json"
    )
    assert answer.code == 1
    assert {row["value"] for row in answer.document} == {"suppressed"}


@pytest.mark.parametrize(
    ("words", "named"),
    [(["registrations_7"], "registrations_7d"), (["registrations_7d", "--area", "62999"], "62999"),
     (["registrations_7d", "--day", "yesterday"], "yesterday")],
)  # fmt: skip
def test_an_unknown_indicator_area_or_day_is_misuse(
    bewithu: CommandLine, words: list[str], named: str
) -> None:
    answer = bewithu("indicators", "value", *words)
    assert (answer.code, answer.out) == (2, "")
    assert named in answer.err


def transition(area: str, number: int, kind: Any) -> Transition:
    return Transition(
        id=f"{area}-{number}", rule="arrivals_emergency_housing_province", area=area, number=number, kind=kind,
        at=MOMENT + timedelta(hours=number), since=MOMENT, indicator="arrivals_emergency_housing_7d",
        day=date(2025, 3, 2), value=120.0, threshold=100.0, provisional=False, reason="120 > 100",
    )  # fmt: skip


def test_open_alerts_are_listed_and_resolved_ones_on_request(bewithu: CommandLine, stored: Database) -> None:
    assert bewithu("alerts", "list").out == "no alerts\n"
    assert bewithu("alerts", "list", "--json").document == []
    log = ClickHouseAlertLog(stored)
    log.append(
        [
            transition("60000", 1, "firing"),
            transition("70000", 1, "firing"),
            transition("70000", 2, "resolved"),
        ]
    )
    (only,) = bewithu("alerts", "list", "--json").document
    assert (only["area"], only["state"], only["since"]) == ("60000", "firing", MOMENT.isoformat())
    states = [(row["area"], row["state"]) for row in bewithu("alerts", "list", "--all", "--json").document]
    assert states == [("70000", "resolved"), ("60000", "firing")]


def refusal(offset: int, agency: str, detail: str) -> Refusal:
    return Refusal(
        topic="bewithu.registration.v1", partition=0, offset=offset, agency=agency, event_id=None,
        reason="truncated" if offset else "empty", field="", detail=detail, raw=b"", raw_length=0,
        kafka_time=MOMENT, known_at=MOMENT + timedelta(seconds=offset), raw_altered=False,
    )  # fmt: skip


def test_refusals_are_listed_newest_first_by_agency_and_by_reason(
    bewithu: CommandLine, stored: Database
) -> None:
    assert bewithu("quarantine", "list").out == "the quarantine is empty\n"
    ClickHouseFactStore(stored).quarantine(
        [refusal(0, "dvz", "a"), refusal(1, "dvz", "b"), refusal(2, "fedasil", "c")]
    )

    def offsets(*words: str) -> list[int]:
        return [row["offset"] for row in bewithu("quarantine", "list", *words, "--json").document]

    assert offsets() == [2, 1, 0]
    assert offsets("--agency", "dvz") == [1, 0]
    assert offsets("--reason", "truncated", "--limit", "1") == [2]
    assert bewithu("quarantine", "list", "--limit", "0").code == 2


def test_what_an_agency_sent_neither_styles_a_table_nor_steers_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_table(["detail"], [["[/b] [red]x[/red] \x1b[2J"]], "")
    assert capsys.readouterr().out.splitlines()[1].rstrip() == "[/b] [red]x[/red] \ufffd[2J"


def test_what_did_not_reach_its_reader_is_listed_and_what_is_given_up_is_a_failure(
    bewithu: CommandLine, stored: Database
) -> None:
    assert bewithu("alerts", "undelivered").out == "everything was delivered\n"
    log, now = ClickHouseAlertLog(stored), SystemClock().now()
    log.append([about := samples.transition()])
    for second, outcome in enumerate(("queued", "sending", "retry")):
        at = to_millisecond(now + timedelta(seconds=second))
        log.note([MailNote("<m@x>", about.id, "ann@x.be", outcome, at, f"451 {outcome}")])
    waiting = bewithu("alerts", "undelivered", "--json")
    assert (waiting.code, [row["state"] for row in waiting.document]) == (0, ["waiting"])
    log.note(
        [
            MailNote(
                "<m@x>",
                about.id,
                "ann@x.be",
                "given_up",
                to_millisecond(now + timedelta(days=3)),
                "550",
            )
        ]
    )
    lost = bewithu("alerts", "undelivered", "--json")
    (row,) = lost.document
    assert (lost.code, row["state"], row["reader"], row["tries"], row["detail"]) == (
        1, "given up", "ann@x.be", 1, "550"
    )  # fmt: skip
    assert bewithu("alerts", "undelivered", "--within", "soon").code == 2
