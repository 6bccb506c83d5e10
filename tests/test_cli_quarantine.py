"""`bewithu quarantine`: records are shown whole and masked, replayed, dropped and reported."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest

from bewithu.settings import Kafka, Registry
from schemas.quarantine import Place
from sinks.clickhouse.database import Database
from streams.registry import SchemaRegistry as RegistryClient
from streams.topics import ensure_topics
from tests.command_line import CommandLine
from tests.intake_samples import REGISTRATION, encoded, sample
from tests.parts.registry import SchemaRegistry
from tests.parts.tansu import Tansu
from tests.quarantine_stage import Stage, late, place

NUMBER = "99010100147"
NOWHERE = "bewithu.registration.v1/0/99"


@pytest.fixture
def stage(bewithu: CommandLine, database: Database, schema_registry: SchemaRegistry) -> Stage:
    """The store that the commands are set to; its contracts' schemas have the ids that its records carry."""
    client = RegistryClient(Registry(url=schema_registry.url))
    client.register_all()
    client.close()
    bewithu.read(database)
    bewithu.set(REGISTRY__URL=schema_registry.url)
    return Stage(database)


@pytest.fixture
def broker(bewithu: CommandLine, own_tansu: Tansu) -> None:
    ensure_topics(Kafka(bootstrap_servers=own_tansu.bootstrap_servers, partitions=1), 30)
    bewithu.set(KAFKA__BOOTSTRAP_SERVERS=own_tansu.bootstrap_servers)


# --- list and show ---


def test_refusals_are_narrowed_down_by_state_topic_and_time(bewithu: CommandLine, stage: Stage) -> None:
    stage.publish(b"\x01", b"\x01")
    stage.take()
    stage.drop(place(1))

    def offsets(*words: str) -> list[int]:
        return [row["offset"] for row in bewithu("quarantine", "list", *words, "--json").document]

    day = stage.held(place(0)).kafka_time.date()
    assert offsets() == [0]
    assert offsets("--state", "dropped") == [1]
    assert offsets("--state", "any") == [0, 1]
    assert offsets("--topic", "bewithu.benefit_grant.v1") == []
    assert offsets("--since", str(day)) == [0]
    assert offsets("--until", str(day)) == offsets("--since", str(day + timedelta(days=1))) == []
    assert bewithu("quarantine", "list", "--state", "gone").code == 2
    assert bewithu("quarantine", "list", "--state", "accepted").out == "no record is accepted\n"


def test_a_record_is_shown_with_its_event_its_bytes_and_its_history_all_masked(
    bewithu: CommandLine, stage: Stage
) -> None:
    stage.publish(encoded(sample(nationality=NUMBER, agency="mun-62063")))
    stage.take()
    stage.replay()
    stage.drop(place(0), why=f"has {NUMBER}")
    answer = bewithu("quarantine", "show", str(place(0)), "--json")
    assert answer.code == 0
    shown = answer.document
    assert (shown["state"], shown["agency"], shown["reason"]) == ("dropped", "mun-62063", "national_number")
    assert shown["event"]["nationality"] == "*" * 11
    assert (shown["raw_altered"], bytes.fromhex(shown["raw"]).count(b"*")) == (True, 11)
    assert [(step["kind"], step["by"]) for step in shown["history"]] == [
        ("refused", "anna"),
        ("dropped", "anna"),
    ]
    table = bewithu("quarantine", "show", str(place(0)))
    assert table.code == 0
    assert "event.nationality" in table.out
    assert NUMBER not in answer.out + table.out
    assert NUMBER.encode().hex() not in answer.out


@pytest.mark.parametrize(
    ("value", "trouble"),
    [
        (b"\x01junk", "does not begin with a schema id"),
        (None, "does not begin with a schema id"),
        (encoded(sample())[:-3], "ends early"),
        (late(sample()), "no schema has the id"),
        (encoded(sample()) + bytes(70_000), "too long"),
    ],
    ids=["junk", "null", "truncated", "no schema", "too long"],
)
def test_what_cannot_be_read_is_shown_with_its_bytes_and_why(
    bewithu: CommandLine, stage: Stage, value: bytes | None, trouble: str
) -> None:
    stage.publish(value)
    stage.take()
    shown = bewithu("quarantine", "show", str(place(0)), "--json").document
    assert shown["event"] is None
    assert trouble in shown["event_trouble"]
    assert bytes.fromhex(shown["raw"]) == (value or b"")[:65_536]
    table = bewithu("quarantine", "show", str(place(0))).out
    assert trouble in table
    assert "nothing was done about it yet" in table


def test_a_record_that_is_not_in_quarantine_is_not_shown(bewithu: CommandLine, stage: Stage) -> None:
    answer = bewithu("quarantine", "show", NOWHERE)
    assert (answer.code, answer.out, answer.err) == (1, "", f"{NOWHERE} is not in quarantine\n")
    assert bewithu("quarantine", "show", "nowhere").code == 2


# --- replay and drop ---


def test_a_replay_accepts_what_is_sound_now_and_a_second_one_finds_nothing(
    bewithu: CommandLine, stage: Stage, broker: None
) -> None:
    # Refused by a worker that did not know the schema yet; the registry of the commands does.
    known = dict(stage.registry.texts)
    stage.registry.texts.clear()
    stage.publish(encoded(sample()), encoded(sample()), b"\x01")
    stage.take()
    stage.registry.texts |= known
    rehearsed = bewithu("quarantine", "replay", "--all", "--dry-run")
    assert (rehearsed.code, rehearsed.out) == (
        1, "would be: accepted 2, refused again 1 (wrong_magic 1), unreadable 0, of 3\n"
    )  # fmt: skip
    assert stage.books.accepted == 0
    first = bewithu("quarantine", "replay", "--reason", "unknown_schema", "--limit", "1", "--json")
    assert (first.code, first.document["accepted"], first.document["dry_run"]) == (0, 1, False)
    second = bewithu("quarantine", "replay", "--reason", "unknown_schema")
    assert (second.code, second.out) == (0, "accepted 1, refused again 0, unreadable 0, of 1\n")
    third = bewithu("quarantine", "replay", "--reason", "unknown_schema")
    assert (third.code, third.out) == (0, "accepted 0, refused again 0, unreadable 0, of 0\n")
    assert (stage.books.accepted, stage.books.quarantined, stage.books.duplicates) == (2, 1, 0)
    named = bewithu("quarantine", "replay", str(place(0)), str(place(2)), "--json")
    assert named.code == 1
    outcomes = [(row["place"], row["outcome"], row["reason"]) for row in named.document["records"]]
    assert outcomes == [(str(place(0)), "accepted", ""), (str(place(2)), "refused", "wrong_magic")]


@pytest.mark.parametrize("command", [("replay",), ("drop", "--why", "x", "--yes")], ids=["replay", "drop"])
def test_everything_is_taken_only_when_it_is_asked_for(
    bewithu: CommandLine, stage: Stage, command: tuple[str, ...]
) -> None:
    answer = bewithu("quarantine", *command)
    assert (answer.code, answer.out) == (2, "")
    assert "--all" in answer.err
    for odd in (NOWHERE, "nowhere"):
        answer = bewithu("quarantine", *command, odd)
        assert (answer.code, answer.out) == (2, "")
        assert "nowhere" in answer.err or "99" in answer.err


def test_a_drop_asks_marks_and_tells_why(bewithu: CommandLine, stage: Stage, broker: None) -> None:
    stage.publish(b"\x01", b"\x01", b"\x01")
    stage.take()
    assert bewithu("quarantine", "drop", str(place(0))).code == 2
    assert bewithu("quarantine", "drop", str(place(0)), "--why", " ").code == 2
    refused = bewithu("quarantine", "drop", str(place(0)), "--why", "a test", stdin="n\n")
    assert (refused.code, stage.held(place(0)).state) == (1, "open")
    asked = bewithu("quarantine", "drop", str(place(0)), "--why", "a test", stdin="y\n")
    assert (asked.code, asked.out.strip()) == (0, "dropped 1 records")
    rest = bewithu("quarantine", "drop", "--agency", "dvz", "--why", "the rest", "--yes", "--json")
    assert (rest.code, rest.document) == (0, {"dropped": 2, "accepted_already": 0})
    assert stage.held(place(0)).why == "a test"
    assert {stage.held(place(offset)).state for offset in range(3)} == {"dropped"}
    assert bewithu("quarantine", "list").out == "the quarantine is empty\n"


# --- report ---


def test_an_agency_reads_its_report_as_a_table_of_records(
    bewithu: CommandLine, stage: Stage, tmp_path: Path
) -> None:
    stage.publish(encoded(sample(agency="mun-62063", municipality="99999")))
    stage.publish(b"\x01")
    stage.take()
    answer = bewithu("quarantine", "report", "--agency", "mun-62063")
    assert answer.code == 0
    (row,) = csv.DictReader(io.StringIO(answer.out))
    assert Place(row["topic"], int(row["partition"]), int(row["offset"])) == place(0)
    assert (row["reason"], row["field"]) == ("unknown_municipality", "municipality")
    assert "NIS code" in row["what_to_do"]
    file = tmp_path / "report.html"
    words = ("--agency", "mun-62063", "--format", "html", "--language", "fr", "--output", str(file))
    assert bewithu("quarantine", "report", *words).code == 0
    assert '<html lang="fr">' in file.read_text("utf-8")
    assert "code INS" in file.read_text("utf-8")
    assert list(csv.DictReader(io.StringIO(bewithu("quarantine", "report", "--agency", "fedasil").out))) == []


def test_no_report_is_made_for_what_is_no_agency_nor_into_a_place_that_is_not(
    bewithu: CommandLine, stage: Stage, tmp_path: Path
) -> None:
    assert bewithu("quarantine", "report", "--agency", "Fedasil!").code == 2
    answer = bewithu("quarantine", "report", "--agency", "dvz", "--output", tmp_path / "no" / "report.csv")
    assert answer.code == 1
    assert "cannot be written" in answer.err
    assert REGISTRATION.topic not in answer.out
