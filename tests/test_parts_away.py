"""A real worker whose parts are away: it waits, says for what, loses nothing, and ends when it is told to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.contracts import contract_of
from schemas.examples import wire_value
from sinks.clickhouse.bookkeeping import Books
from tests.events import Message, person, registration
from tests.parts.deadlines import wait_until
from tests.parts.processes import answers_tcp, running
from tests.worker_process import Stage, publishing, stage

OCCURRED = datetime(2025, 3, 3, 9, 30, tzinfo=UTC)


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path) as found:
        yield found


def test_a_worker_waits_for_one_part_after_the_other_and_says_for_which(parts: Stage) -> None:
    parts.kafka.stop()
    parts.clickhouse.stop()
    parts.registry.stop()
    parts.smtp.stop()
    with running(parts.worker()) as worker:
        worker.wait_until_it_names("ClickHouse")
        line = worker.wait_until_it_logs(f"ClickHouse at 127.0.0.1:{parts.clickhouse.port} is away")
        assert "waiting for it" in line
        parts.clickhouse.restart()
        worker.wait_until_it_names("Kafka")
        assert worker.process.log.read_text("utf-8").count("Connection refused; waiting for it") == 1
        worker.wait_until_it_logs(f"Kafka is away: {parts.kafka.bootstrap_servers}")
        parts.kafka.restart()
        worker.wait_until_it_names("the schema registry")
        worker.wait_until_it_logs(f"the schema registry is away: {parts.registry.url}")
        parts.registry.start()
        # Mails can wait: the mail server is not among the things that a worker cannot work without.
        worker.wait_until_ready()
        assert worker.ask("/health/ready")[1]["reasons"] == []
        assert "Traceback" not in worker.process.log.read_text("utf-8")
        assert worker.end(10) == 0
        assert not answers_tcp(worker.port)


@pytest.mark.parametrize("part", ["Kafka", "the schema registry"])
def test_a_worker_that_waits_for_a_part_ends_when_it_is_told_to(parts: Stage, part: str) -> None:
    (parts.kafka if part == "Kafka" else parts.registry).stop()
    with running(parts.worker()) as worker:
        worker.wait_until_it_names(part)
        assert worker.end(10) == 0
        assert not answers_tcp(worker.port)


def test_a_worker_without_a_store_is_not_ready_though_no_event_comes(parts: Stage) -> None:
    with running(parts.worker()) as worker:
        worker.wait_until_ready()
        parts.clickhouse.kill()
        worker.wait_until_it_names("ClickHouse")
        parts.clickhouse.restart()
        worker.wait_until_ready()


def test_no_event_is_lost_or_doubled_when_the_store_is_killed_while_events_flow(parts: Stage) -> None:
    sent = events(900)
    with publishing(parts) as agency, running(parts.worker()) as worker:
        worker.wait_until_ready()
        for number, message in enumerate(sent):
            if number == 300:
                wait_until(lambda: parts.books().accepted, 60, "the first facts", process=worker.process)
            if number == 600:
                parts.clickhouse.kill()
                worker.wait_until_it_names("ClickHouse")
            agency.publish(message.topic, message.event, now())
        agency.send(sent[0].topic, b"key", b"no event", now(), "dvz")
        agency.publish(sent[0].topic, sent[0].event, now())
        agency.flush(60)
        parts.clickhouse.restart()
        wait_for_books(parts, Books(published=902, accepted=900, quarantined=1, duplicates=1))
        assert parts.facts("registration") == 900
        worker.wait_until_ready()
        worker.wait_until_it_logs("storing again")
        assert "Traceback" not in worker.process.log.read_text("utf-8")


def test_events_of_a_schema_not_yet_known_wait_for_the_registry(parts: Stage) -> None:
    contract = contract_of("registration")
    # A later version of the contract, with a field more that may be null; the worker has not seen its id.
    more = {"name": "remark", "type": ["null", "string"], "default": None}
    schema = {**contract.schema, "fields": [*contract.schema["fields"], more]}
    with publishing(parts) as agency, running(parts.worker()) as worker:

        def publish(schema_id: int, count: int) -> None:
            for message in events(count):
                value = wire_value(schema, {**message.event, "remark": "new"}, schema_id)
                agency.send(contract.topic, b"key", value, now(), "dvz")
            agency.flush(60)

        worker.wait_until_ready()
        schema_id = parts.registry.content.register(contract.subject, json.dumps(schema)).id
        parts.registry.stop()
        publish(schema_id, 20)
        worker.wait_until_it_names("the schema registry")
        assert parts.books() == Books(0, 0, 0, 0)
        parts.registry.start()
        wait_for_books(parts, Books(published=20, accepted=20, quarantined=0, duplicates=0))
        worker.wait_until_ready()
        # The registry answers: an id that it does not know is the agency's mistake, and nobody waits for it.
        publish(schema_id + 1, 1)
        wait_for_books(parts, Books(published=21, accepted=20, quarantined=1, duplicates=0))


def events(count: int) -> list[Message]:
    return [registration(person(number), OCCURRED) for number in range(count)]


def now() -> datetime:
    return datetime.now(UTC)


def wait_for_books(parts: Stage, expected: Books) -> None:
    """Waits until everything published is in the books, then compares: a record too many would show."""
    wait_until(
        lambda: parts.books().published >= expected.published,
        60,
        f"{expected.published} records in the books",
    )
    assert parts.books() == expected
