"""A refusal's whole life: an agency reads why, its schema is registered, an operator replays, the answer is gone."""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fastavro
import pytest
from confluent_kafka import Consumer, TopicPartition

from schemas.contracts import contract_of
from schemas.examples import wire_value
from sinks.clickhouse.bookkeeping import Books
from tests.e2e.platform import Platform, yesterday_noon
from tests.events import Message, person, registration
from tests.parts.clickhouse import ClickHouse
from tests.parts.deadlines import PATIENCE, wait_until
from tests.parts.processes import running
from tests.parts.registry import SchemaRegistry
from tests.parts.smtp import SmtpServer
from tests.parts.tansu import Tansu

REGISTRATION = contract_of("registration")
LATER_SCHEMA = json.dumps(dict(REGISTRATION.schema) | {"doc": "as the agency built it"})


@pytest.fixture
def platform(
    tmp_path: Path,
    own_tansu: Tansu,
    schema_registry: SchemaRegistry,
    own_clickhouse: ClickHouse,
    smtp_server: SmtpServer,
) -> Iterator[Platform]:
    made = Platform(tmp_path, own_tansu, schema_registry, own_clickhouse, smtp_server)
    with running(made):
        yield made


def bewithu(platform: Platform, *words: str) -> tuple[int, Any]:
    """The real command with the platform's settings: its exit code and its JSON document."""
    done = subprocess.run(
        [sys.executable, "-m", "bewithu", "quarantine", *words, "--json"],
        env={**os.environ, **platform.settings},
        cwd=platform.folder,
        capture_output=True,
        text=True,
        timeout=120 * PATIENCE,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


class Agency:
    """Reads the topic as its own program does, with nothing of ours: the newest answer for each key."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._consumer = Consumer(
            {"bootstrap.servers": platform.broker.bootstrap_servers, "group.id": "an-agency"}
        )
        self._consumer.assign([TopicPartition("bewithu.rejections.v1", partition, 0) for partition in (0, 1)])
        self.answers: dict[str, Any] = {}

    def reads(self, condition: Callable[[], bool], what: str) -> None:
        """Reads on until the condition holds."""

        def read() -> bool:
            message = self._consumer.poll(0.2)
            if message is not None:
                assert message.error() is None
                self.answers[message.key().decode()] = decoded(self._platform, message.value())
            return condition()

        wait_until(read, 60, what)

    def close(self) -> None:
        self._consumer.close()


def decoded(platform: Platform, value: bytes | None) -> Any:
    if value is None:
        return None
    (schema_id,) = struct.unpack(">xI", value[:5])
    with urllib.request.urlopen(f"{platform.registry.url}/schemas/ids/{schema_id}", timeout=10) as answer:
        schema = json.loads(json.load(answer)["schema"])
    return fastavro.schemaless_reader(io.BytesIO(value[5:]), fastavro.parse_schema(schema), None)


@pytest.mark.timeout(420)  # a dozen commands, each a process of its own
def test_an_agency_reads_why_it_was_refused_and_after_the_repair_it_is_accepted_once(
    platform: Platform,
) -> None:
    platform.start_worker()
    with closing(Agency(platform)) as agency:
        life(platform, agency)


def life(platform: Platform, agency: Agency) -> None:
    now = datetime.now(UTC)
    sound, late, wrong = (registration(person(number), yesterday_noon()) for number in range(3))
    wrong = wrong.changed(municipality="99999")
    with platform.publisher() as publisher:

        def send(message: Message, value: bytes) -> None:
            publisher.send(REGISTRATION.topic, str(message.event["person"]).encode(), value, now, "dvz")

        send(sound, publisher.encode(REGISTRATION.topic, sound.event))
        send(wrong, publisher.encode(REGISTRATION.topic, wrong.event))
        schema_id = len(platform.registry.content.schemas) + 1
        send(late, wire_value(json.loads(LATER_SCHEMA), late.event, schema_id))
        publisher.flush(30)
    wait_until(lambda: platform.books() == Books(3, 1, 2, 0), 60, "one fact and two refusals")

    # The agency hears why. Of the event that nobody can read it is told the place.
    _, (unread,) = bewithu(platform, "list", "--reason", "unknown_schema")
    place = f"{unread['topic']}/{unread['partition']}/{unread['offset']}"
    of_late, of_wrong = f"dvz|{place}", f"dvz|{wrong.event['event_id']}"
    agency.reads(lambda: len(agency.answers) >= 2, "two answers")
    assert set(agency.answers) == {of_late, of_wrong}
    assert (agency.answers[of_late]["reason"], agency.answers[of_late]["status"]) == (
        "unknown_schema",
        "refused",
    )
    assert (agency.answers[of_wrong]["reason"], agency.answers[of_wrong]["field"]) == (
        "unknown_municipality", "municipality"
    )  # fmt: skip

    # It registers its schema; an operator replays while the worker runs.
    assert platform.registry.content.register(REGISTRATION.subject, LATER_SCHEMA).id == schema_id
    code, done = bewithu(platform, "replay", "--agency", "dvz")
    assert (code, done["accepted"], done["refused"]) == (1, 1, 1)
    facts = platform.rows("SELECT toString(event_id) FROM facts_registration FINAL ORDER BY event_id")
    assert {row[0] for row in facts} == {str(sound.event["event_id"]), str(late.event["event_id"])}
    assert platform.books() == Books(3, 2, 1, 0)
    agency.reads(lambda: agency.answers[of_late] is None, "the answer to be taken back")

    # A second time nothing changes.
    code, done = bewithu(platform, "replay", place)
    assert (code, done["accepted"]) == (0, 1)
    assert platform.rows("SELECT toString(event_id) FROM facts_registration FINAL ORDER BY event_id") == facts
    assert platform.books() == Books(3, 2, 1, 0)

    # What nobody can mend is dropped, and its agency told; the list has open records only.
    code, done = bewithu(platform, "drop", "--reason", "unknown_municipality", "--why", "sent again", "--yes")
    assert (code, done["dropped"]) == (0, 1)
    agency.reads(lambda: agency.answers[of_wrong]["status"] == "dropped", "the drop to be told")
    assert agency.answers[of_wrong]["remark"] == "sent again"
    assert set(agency.answers) == {of_late, of_wrong}
    assert agency.answers[of_late] is None
    assert bewithu(platform, "list")[1] == []
    assert platform.books() == Books(3, 2, 1, 0)
