"""Commands that write to the parts: publish, simulate, migrate."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition

from bewithu.settings import Kafka
from schemas.contracts import contracts
from streams.topics import ensure_topics
from tests.command_line import CommandLine
from tests.parts.clickhouse import ClickHouse
from tests.parts.deadlines import wait_until
from tests.parts.processes import REPOSITORY, answers_tcp, free_port, running, start_process
from tests.parts.registry import SchemaRegistry
from tests.parts.tansu import Tansu

MOMENT = datetime(2025, 3, 3, 9, 30, tzinfo=UTC)
EXAMPLES = REPOSITORY / "schemas/examples/registration.v1"
GOOD = sorted((EXAMPLES / "good").glob("*.json"))


@pytest.fixture
def broker(bewithu: CommandLine, own_tansu: Tansu, schema_registry: SchemaRegistry) -> str:
    """Sets a registry and a broker whose event topics are empty, and tells where the broker is."""
    ensure_topics(Kafka(bootstrap_servers=own_tansu.bootstrap_servers, partitions=1), 30)
    bewithu.set(KAFKA__BOOTSTRAP_SERVERS=own_tansu.bootstrap_servers, REGISTRY__URL=schema_registry.url)
    return own_tansu.bootstrap_servers


def places() -> list[TopicPartition]:
    return [TopicPartition(topic, 0, 0) for topic in contracts()]


def is_empty(broker: str) -> bool:
    consumer = Consumer({"bootstrap.servers": broker, "group.id": "looks", "log_level": 0})
    try:
        return not any(consumer.get_watermark_offsets(place, timeout=30)[1] for place in places())
    finally:
        consumer.close()


def arrive(broker: str, count: int) -> None:
    """Reads the event topics until `count` records came, which must be all."""
    consumer = Consumer({"bootstrap.servers": broker, "group.id": "reads", "log_level": 0})
    consumer.assign(places())
    try:
        came: list[object] = []

        def all_came() -> bool:
            came.extend(consumer.consume(10_000, 0.2))
            return len(came) >= count

        wait_until(all_came, 30, f"{count} records")
        assert len(came) == count
    finally:
        consumer.close()


def example(path: Path) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(path.read_text("utf-8"))["event"]
    return event


def lines(*events: object) -> str:
    return "".join(event if isinstance(event, str) else f"{json.dumps(event)}\n" for event in events)


# --- publish and simulate ---


def test_sound_events_pass_the_check_and_nothing_is_sent(bewithu: CommandLine, broker: str) -> None:
    answer = bewithu("publish", "registration", "-", "--check", stdin=lines(*map(example, GOOD)))
    assert (answer.code, answer.out) == (0, f"{len(GOOD)} events are well\n")
    assert is_empty(broker)


WELL = example(GOOD[0])
WRONG_FIELDS = [
    {},
    {**WELL, "event_id": "foo"},
    {**WELL, "sheep": 1},
    {**WELL, "revision": "x"},
    {**WELL, "occurred_at": "yesterday"},
]
UNREADABLE = ["{", "5", "null", "[1]", '"abc"', *map(json.dumps, WRONG_FIELDS)]


@pytest.mark.parametrize("check", [True, False], ids=["check", "send"])
def test_every_line_that_is_refused_is_named_and_none_is_sent(
    bewithu: CommandLine, broker: str, tmp_path: Path, check: bool
) -> None:
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
    assert is_empty(broker)


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


def test_sound_events_are_sent_and_counted(bewithu: CommandLine, broker: str) -> None:
    answer = bewithu("publish", "registration", "-", "--json", stdin=lines(*map(example, GOOD)))
    assert (answer.code, answer.document) == (0, {"sent": len(GOOD), "topic": "bewithu.registration.v1"})
    assert bewithu("publish", "registration", "-", stdin=lines(WELL)).out.startswith("sent 1 events")
    arrive(broker, len(GOOD) + 1)


def test_the_simulator_says_in_one_document_what_it_published(bewithu: CommandLine, broker: str) -> None:
    answer = bewithu(
        "simulate", "--since", "2022-03-01", "--until", "2022-03-20", "--scale", "0.002", "--json"
    )
    assert answer.code == 0
    told = answer.document
    assert told["published"] == told["delivered"] == sum(told["by_topic"].values())
    arrive(broker, told["published"])
    assert told["published"] > 20
    assert set(told["by_topic"]) <= set(contracts())


def test_a_simulation_that_ends_before_it_begins_is_misuse(bewithu: CommandLine) -> None:
    answer = bewithu("simulate", "--since", "2023-01-02", "--until", "2023-01-01", "--json")
    assert (answer.code, answer.out) == (2, "")
    assert "2023-01-02" in answer.err


# --- migrate ---


def test_migrating_twice_changes_nothing_the_second_time(
    bewithu: CommandLine, broker: str, clickhouse: ClickHouse, clickhouse_database: str
) -> None:
    bewithu.set(CLICKHOUSE__URL=f"http://{clickhouse.host}:{clickhouse.port}/{clickhouse_database}")
    first, second = bewithu("migrate"), bewithu("migrate")
    assert (first.code, second.code) == (0, 0)
    assert "applied 0001 areas" in first.out.splitlines()
    assert second.out == "the database, the topics and the subjects are up to date\n"


def test_a_database_that_does_not_exist_is_told_in_one_line(
    bewithu: CommandLine, clickhouse: ClickHouse
) -> None:
    bewithu.set(CLICKHOUSE__URL=f"http://{clickhouse.host}:{clickhouse.port}/nowhere")
    answer = bewithu("migrate")
    assert (answer.code, answer.out) == (1, "")
    assert "Database nowhere does not exist" in answer.err
    assert len(answer.err.splitlines()) == 1


def test_a_folder_that_another_process_works_in_is_told(bewithu: CommandLine, tmp_path: Path) -> None:
    port = free_port()
    module = "tests.parts.clickhouse_http"
    command = [sys.executable, "-m", module, "--path", str(tmp_path), "--port", str(port)]
    with running(start_process(command, tmp_path / "log")) as holder:
        wait_until(lambda: answers_tcp(port), 60, "the holder to have the folder", process=holder)
        worker = [sys.executable, "-m", "bewithu", "quarantine", "list"]
        environment = {"BEWITHU_CLICKHOUSE__URL": f"chdb://{tmp_path / 'data'}"}
        process = start_process(worker, tmp_path / "told", environment=environment)
        assert process.popen.wait(60) == 1
    told = (tmp_path / "told").read_text("utf-8")
    assert told.splitlines()[-1].startswith(f"chdb at {tmp_path / 'data'} is away: ")
    assert "stop the other one" in told
    assert "Traceback" not in told


def test_a_store_that_is_away_is_told_in_one_line(bewithu: CommandLine) -> None:
    port = free_port()
    bewithu.set(CLICKHOUSE__URL=f"http://127.0.0.1:{port}/default")
    answer = bewithu("migrate")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == f"ClickHouse at 127.0.0.1:{port} is away: [Errno 111] Connection refused\n"
