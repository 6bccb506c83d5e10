"""Commands that read files and need parts: publish, simulate, migrate, doctor, and what is in the store."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition

from bewithu.cli.printing import print_table
from schemas.alerting import Transition
from schemas.contracts import contracts
from schemas.intake import Refusal
from sinks.clickhouse.alert_log import ClickHouseAlertLog
from sinks.clickhouse.database import Database
from sinks.clickhouse.fact_store import ClickHouseFactStore
from streams.topics import ensure_topics
from tests.command_line import CommandLine, command_line
from tests.parts.clickhouse import ClickHouse
from tests.parts.processes import REPOSITORY, free_port
from tests.parts.registry import SchemaRegistry
from tests.parts.smtp import SmtpServer
from tests.parts.tansu import Tansu

MOMENT = datetime(2025, 3, 3, 9, 30, tzinfo=UTC)
EXAMPLES = REPOSITORY / "schemas/examples/registration.v1"
GOOD = sorted((EXAMPLES / "good").glob("*.json"))


@pytest.fixture
def bewithu(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[CommandLine]:
    with command_line(monkeypatch, capsys, tmp_path) as line:
        yield line


@pytest.fixture
def records(bewithu: CommandLine, tansu: Tansu, schema_registry: SchemaRegistry) -> Callable[[], int]:
    """Sets broker and registry; tells how many records are on the event topics."""
    ensure_topics(tansu.bootstrap_servers, 1, 1, 30)
    bewithu.set(KAFKA__BOOTSTRAP_SERVERS=tansu.bootstrap_servers, REGISTRY__URL=schema_registry.url)

    def count() -> int:
        consumer = Consumer(
            {"bootstrap.servers": tansu.bootstrap_servers, "group.id": "counts", "log_level": 0}
        )
        try:
            there = consumer.list_topics(timeout=30).topics
            places = [
                TopicPartition(topic, part) for topic in contracts() for part in there[topic].partitions
            ]
            return sum(consumer.get_watermark_offsets(place, timeout=30)[1] for place in places)
        finally:
            consumer.close()

    return count


@pytest.fixture
def stored(bewithu: CommandLine, database: Database) -> Database:
    """The store that the commands are set to read."""
    bewithu.set(CLICKHOUSE__URL=f"chdb://{database.name.removeprefix('chdb at ')}")
    return database


def example(path: Path) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(path.read_text("utf-8"))["event"]
    return event


def lines(*events: object) -> str:
    return "".join(event if isinstance(event, str) else f"{json.dumps(event)}\n" for event in events)


# --- publish and simulate ---


def test_sound_events_pass_the_check_and_nothing_is_sent(
    bewithu: CommandLine, records: Callable[[], int]
) -> None:
    before = records()
    answer = bewithu("publish", "registration", "-", "--check", stdin=lines(*map(example, GOOD)))
    assert (answer.code, answer.out) == (0, f"{len(GOOD)} events are well\n")
    assert records() == before


WELL = example(GOOD[0])
WRONG_FIELDS = [{}, {**WELL, "sheep": 1}, {**WELL, "revision": "x"}, {**WELL, "occurred_at": "yesterday"}]
UNREADABLE = ["{", "5", "null", "[1]", '"abc"', *map(json.dumps, WRONG_FIELDS)]


@pytest.mark.parametrize("check", [True, False], ids=["check", "send"])
def test_every_line_that_is_refused_is_named_and_none_is_sent(
    bewithu: CommandLine, records: Callable[[], int], tmp_path: Path, check: bool
) -> None:
    before = records()
    file = tmp_path / "events.jsonl"
    broken = {**WELL, "person": None, "municipality": "00000"}
    file.write_text(lines(WELL, "\n", broken, *(f"{each}\n" for each in UNREADABLE)))
    answer = bewithu("publish", "registration", file, "--json", *(["--check"] if check else []))
    assert answer.code == 1
    found = {(row["line"], row["field"], row["reason"]) for row in answer.document}
    assert {(3, "person", "missing"), (3, "municipality", "unknown_municipality")} <= found
    unreadable = set(range(4, 4 + len(UNREADABLE)))
    assert {line for line, _, reason in found if reason == "no_event"} == unreadable
    assert {line for line, _, _ in found} == {3} | unreadable
    assert records() == before


def test_a_refusal_names_line_and_field_to_people_and_masks_a_national_number(bewithu: CommandLine) -> None:
    number = example(EXAMPLES / "bad/person_is_a_national_number.json")["person"]
    told = [{**WELL, "person": number}, {**WELL, "recorded_at": number}, {**WELL, number: 1}, f"{number}\n"]
    answer = bewithu("publish", "registration", "-", "--check", stdin=lines(*told))
    assert answer.code == 1
    row = next(line for line in answer.out.splitlines() if "national_number" in line)
    assert row.split()[:3] == ["1", "person", "national_number"]
    assert {line.split()[0] for line in answer.out.splitlines()} == {"line", "1", "2", "3", "4"}
    assert number not in answer.out + answer.err


@pytest.mark.parametrize("content", [None, b'{"agency": "\xe9"}'], ids=["absent", "not UTF-8"])
def test_a_file_that_cannot_be_read_is_misuse(
    bewithu: CommandLine, tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "events.jsonl"
    if content is not None:
        file.write_bytes(content)
    answer = bewithu("publish", "registration", file, "--check", "--json")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(f"{file}: ")
    assert len(answer.err.splitlines()) == 1


def test_sound_events_are_sent_and_counted(bewithu: CommandLine, records: Callable[[], int]) -> None:
    before = records()
    answer = bewithu("publish", "registration", "-", "--json", stdin=lines(*map(example, GOOD)))
    assert (answer.code, answer.document) == (0, {"sent": len(GOOD), "topic": "bewithu.registration.v1"})
    assert records() - before == len(GOOD)
    assert bewithu("publish", "registration", "-", stdin=lines(WELL)).out.startswith("sent 1 events")


def test_the_simulator_says_in_one_document_what_it_published(
    bewithu: CommandLine, records: Callable[[], int]
) -> None:
    before = records()
    answer = bewithu(
        "simulate", "--since", "2022-03-01", "--until", "2022-03-20", "--scale", "0.002", "--json"
    )
    assert answer.code == 0
    told = answer.document
    assert told["published"] == told["delivered"] == sum(told["by_topic"].values()) == records() - before
    assert told["published"] > 20
    assert set(told["by_topic"]) <= set(contracts())


def test_a_simulation_that_ends_before_it_begins_is_misuse(bewithu: CommandLine) -> None:
    answer = bewithu("simulate", "--since", "2023-01-02", "--until", "2023-01-01", "--json")
    assert (answer.code, answer.out) == (2, "")
    assert "2023-01-02" in answer.err


# --- migrate ---


def test_migrating_twice_changes_nothing_the_second_time(
    bewithu: CommandLine, records: Callable[[], int], clickhouse: ClickHouse, clickhouse_database: str
) -> None:
    bewithu.set(CLICKHOUSE__URL=f"http://{clickhouse.host}:{clickhouse.port}/{clickhouse_database}")
    first, second = bewithu("migrate"), bewithu("migrate")
    assert (first.code, second.code) == (0, 0)
    assert "applied 0001 areas" in first.out.splitlines()
    assert second.out == "the database, the topics and the subjects are up to date\n"


def test_a_store_that_is_away_is_told_in_one_line(bewithu: CommandLine) -> None:
    port = free_port()
    bewithu.set(CLICKHOUSE__URL=f"http://127.0.0.1:{port}/default")
    answer = bewithu("migrate")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith(f"ClickHouse at 127.0.0.1:{port} is away: ")
    assert len(answer.err.splitlines()) == 1


# --- what is in the store ---


def give_value(database: Database, area: str, breakdown: str, value: float) -> None:
    database.insert(
        "indicator_values",
        ["indicator", "area", "breakdown", "day", "value", "numerator", "denominator", "provisional", "known_at", "refresh"],
        [["registrations_7d", area, breakdown, MOMENT.date(), value, value, 1, True, MOMENT, 1]],
    )  # fmt: skip


def test_a_value_is_shown_with_its_breakdowns(bewithu: CommandLine, stored: Database) -> None:
    for breakdown, value in (("", 40), ("sex=female", 25), ("sex=male", 15)):
        give_value(stored, "BE", breakdown, value)
    answer = bewithu("indicators", "value", "registrations_7d", "--day", "2025-03-04", "--json")
    assert answer.code == 0
    rows = {row["breakdown"]: row for row in answer.document}
    assert rows["total"] == {
        "breakdown": "total", "value": 40.0, "provisional": True, "known_at": MOMENT.isoformat()
    }  # fmt: skip
    assert (rows["sex=female"]["value"], rows["sex=unknown"]["value"]) == (25.0, 0.0)
    table = bewithu("indicators", "value", "registrations_7d", "--day", "2025-03-04")
    assert table.out.splitlines()[1].split()[:2] == ["total", "40.0"]


def test_a_suppressed_value_is_not_shown_and_the_answer_is_no(bewithu: CommandLine, stored: Database) -> None:
    give_value(stored, "62063", "", 3)
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
        kafka_time=MOMENT, known_at=MOMENT + timedelta(seconds=offset),
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


# --- doctor ---


def test_doctor_shows_every_setting_with_its_source_and_no_secret(
    bewithu: CommandLine,
    records: Callable[[], int],
    stored: Database,
    smtp_server: SmtpServer,
    tmp_path: Path,
) -> None:
    (tmp_path / "secret").write_text("geheim-1\n")
    (tmp_path / "bewithu.toml").write_text('[kafka]\ngroup = "from-toml"\n[http]\nport = 1\n')
    bewithu.set(
        SMTP__PORT=smtp_server.port, SMTP__PASSWORD="geheim-2", CLICKHOUSE__PASSWORD_FILE=tmp_path / "secret", HTTP__PORT=2,
        HTTP__PUBLIC_URL="https://me:geheim-3@board.invalid",
    )  # fmt: skip
    table, answer = bewithu("doctor"), bewithu("doctor", "--json")
    assert (table.code, answer.code) == (0, 0)
    assert "geheim" not in table.out + table.err + answer.out + answer.err
    rows = {row["what"]: (row["state"], row["detail"]) for row in answer.document}
    assert rows["setting kafka.group"] == ("bewithu.toml", "from-toml")
    assert rows["setting http.port"] == ("environment", "2")
    assert rows["setting kafka.partitions"] == ("default", "4")
    assert rows["setting smtp.password"] == ("environment", "***")
    assert rows["setting clickhouse.password"] == ("password_file", "***")
    assert rows["setting http.public_url"] == ("environment", "https://me:***@board.invalid")
    parts = {what: state for what, (state, _) in rows.items() if not what.startswith("setting")}
    assert set(parts) == {
        "definitions",
        "address book",
        "ClickHouse",
        "Kafka",
        "schema registry",
        "mail server",
    }
    assert set(parts.values()) == {"well"}


def test_doctor_says_which_part_is_away_and_which_definition_is_wrong(
    bewithu: CommandLine, tmp_path: Path
) -> None:
    here = {
        name: f"127.0.0.1:{free_port()}" for name in ("ClickHouse", "Kafka", "schema registry", "mail server")
    }
    (tmp_path / "a.yaml").write_text("id: a")
    bewithu.set(
        CLICKHOUSE__URL=f"http://{here['ClickHouse']}/default", KAFKA__BOOTSTRAP_SERVERS=here["Kafka"],
        REGISTRY__URL=f"http://me:geheim@{here['schema registry']}", SMTP__PORT=here["mail server"].split(":")[1],
        INDICATORS=tmp_path,
    )  # fmt: skip
    answer = bewithu("doctor", "--json")
    assert answer.code == 1
    rows: Mapping[str, tuple[str, str]] = {
        row["what"]: (row["state"], row["detail"]) for row in answer.document
    }
    for part, address in here.items():
        state, detail = rows[part]
        assert state == "away"
        assert address in detail
    assert rows["definitions"][0] == "wrong"
    assert "a.yaml:1: " in rows["definitions"][1]
    assert rows["address book"][0] == "well"
    assert "geheim" not in answer.out + answer.err
