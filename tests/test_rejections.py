"""Every refusal of an agency is answered on a compacted topic, acknowledged before its batch counts as stored."""

from __future__ import annotations

import io
import struct
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import fastavro
import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource

from bewithu.errors import Unavailable
from bewithu.settings import Kafka, Registry
from schemas.contracts import contracts
from schemas.intake import Refusal
from schemas.quarantine import Held, Place
from schemas.rejections import answers, key, rejections, value
from streams.registry import SchemaRegistry
from streams.rejections import Rejections
from streams.topics import ensure_topics
from tests.parts.deadlines import wait_until
from tests.parts.processes import free_port
from tests.parts.tansu import Tansu

MOMENT = datetime(2025, 3, 3, 9, 30, tzinfo=UTC)
EVENT = "0b0e6f4e-6f0f-4b3e-8d52-0c6a5b0f1a11"


def record(offset: int = 7, **changes: Any) -> Held:
    made = Held(
        place=Place("bewithu.registration.v1", 0, offset), agency="dvz", event_id=EVENT, reason="missing",
        field="person", detail="person is missing", raw_length=140, kafka_time=MOMENT + timedelta(seconds=offset),
        known_at=MOMENT + timedelta(hours=1),
    )  # fmt: skip
    return replace(made, **changes)


# --- the contract ---


def test_the_answers_contract_is_no_event_type_and_every_field_says_what_it_means() -> None:
    contract = rejections()
    assert contract.topic not in contracts()
    assert (contract.topic, contract.subject) == ("bewithu.rejections.v1", "bewithu.rejections.v1-value")
    assert all(field.doc for field in contract.fields)
    (status,) = (field for field in contract.fields if field.symbols)
    assert status.default_symbol == "unknown"


def test_a_record_is_known_by_its_event_and_by_its_place_while_that_cannot_be_read() -> None:
    assert key(record()) == f"dvz|{EVENT}"
    assert key(record(event_id=None)) == "dvz|bewithu.registration.v1/0/7"


def test_an_answer_says_where_the_record_is_and_what_was_decided() -> None:
    assert value(record(field=""))["field"] is None
    refused, dropped = value(record()), value(record(state="dropped", why="sent by mistake"))
    assert (refused["status"], refused["remark"]) == ("refused", None)
    assert (dropped["status"], dropped["remark"]) == ("dropped", "sent by mistake")
    assert {name: refused[name] for name in ("topic", "partition", "offset")} == {
        "topic": "bewithu.registration.v1", "partition": 0, "offset": 7
    }  # fmt: skip


# --- which answers a change asks for: a pure decision ---

UNREAD = record(event_id=None, reason="unknown_schema")
LATER = record(9)


@pytest.mark.parametrize(
    ("now", "before", "others", "told"),
    [
        pytest.param([record()], [], [], {key(record()): record()}, id="refused for the first time"),
        pytest.param([], [record()], [], {key(record()): None}, id="accepted"),
        pytest.param([record()], [UNREAD], [], {key(UNREAD): None, key(record()): record()}, id="now readable"),
        pytest.param([], [LATER], [record()], {key(record()): record()}, id="accepted, an older one stands"),
        pytest.param([record()], [record()], [LATER], {key(record()): LATER}, id="a newer one stands"),
        pytest.param([LATER, record()], [], [], {key(record()): LATER}, id="two at once"),
        pytest.param([record(agency="")], [record(agency="")], [], {}, id="of nobody"),
        pytest.param([record(state="accepted")], [record()], [], {key(record()): None}, id="accepted before"),
        pytest.param([], [record()], [record(9, agency="fedasil")], {key(record()): None}, id="another agency's"),
    ],
)  # fmt: skip
def test_the_newest_record_of_an_event_that_is_not_accepted_is_answered_about(
    now: Sequence[Held], before: Sequence[Held], others: Sequence[Held], told: Mapping[str, Held | None]
) -> None:
    assert answers(now, before, others) == told


# --- on a broker ---


@pytest.fixture
def broker(own_tansu: Tansu) -> str:
    ensure_topics(Kafka(bootstrap_servers=own_tansu.bootstrap_servers, partitions=1), 30)
    return own_tansu.bootstrap_servers


def nobody_else(_events: Sequence[str]) -> Sequence[Held]:
    return ()


def told(broker: str, count: int) -> list[tuple[str, dict[str, Any] | None]]:
    """The topic's first `count` messages, as an agency reads them."""
    consumer = Consumer({"bootstrap.servers": broker, "group.id": "agency", "log_level": 0})
    consumer.assign([TopicPartition(rejections().topic, 0, 0)])
    messages: list[Any] = []
    with closing(consumer):
        wait_until(
            lambda: messages.extend(consumer.consume(100, 0.2)) or len(messages) >= count,
            30,
            f"{count} answers",
        )
    assert len(messages) == count
    return [(message.key().decode(), read(message.value())) for message in messages]


def read(wire: bytes | None) -> dict[str, Any] | None:
    if wire is None:
        return None
    magic, _ = struct.unpack(">BI", wire[:5])
    assert magic == 0
    answer: Any = fastavro.schemaless_reader(
        io.BytesIO(wire[5:]), fastavro.parse_schema(dict(rejections().schema)), None
    )
    return dict(answer)


def test_the_topic_of_answers_is_compacted(broker: str) -> None:
    admin = AdminClient({"bootstrap.servers": broker})
    assert rejections().topic in admin.list_topics(timeout=10).topics
    (asked,) = admin.describe_configs(
        [ConfigResource(ConfigResource.Type.TOPIC, rejections().topic)]
    ).values()
    assert asked.result()["cleanup.policy"].value == "compact"


def test_a_refusal_is_answered_and_taken_back_when_its_record_is_accepted(broker: str) -> None:
    with closing(SchemaRegistry(Registry(url="mock://answers"))) as registry:
        rejections_topic = Rejections(Kafka(bootstrap_servers=broker), registry, nobody_else)
        rejections_topic.tell([refusal()], [])
        rejections_topic.tell([], [record()])
        rejections_topic.dropped([record(state="dropped", why="a test")])
    first, second, third = told(broker, 3)
    assert first == (key(record()), value(record()))
    assert second == (key(record()), None)
    assert third[1] is not None
    assert (third[1]["status"], third[1]["remark"]) == ("dropped", "a test")


def refusal(offset: int = 7, **changes: Any) -> Refusal:
    one = record(offset)
    made = Refusal(
        topic=one.place.topic, partition=one.place.partition, offset=offset, agency=one.agency,
        event_id=one.event_id, reason=one.reason, field=one.field, detail=one.detail, raw=b"", raw_length=140,
        kafka_time=one.kafka_time, known_at=one.known_at, raw_altered=False,
    )  # fmt: skip
    return replace(made, **changes)


def test_thousands_of_answers_cost_one_round_trip_and_little_time(broker: str) -> None:
    # 5 % of the largest batch, each of an event of its own
    many = [refusal(offset, event_id=None) for offset in range(2_500)]
    with closing(SchemaRegistry(Registry(url="mock://answers"))) as registry:
        rejections_topic = Rejections(Kafka(bootstrap_servers=broker), registry, nobody_else)
        rejections_topic.tell([refusal()], [])
        started = time.process_time()
        rejections_topic.tell(many, [])
        # A batch of 50 000 takes about half a second of CPU: its answers must stay a fraction of that.
        assert time.process_time() - started < 0.5
    assert len(told(broker, 2_501)) == 2_501


def test_a_broker_that_is_away_lets_no_batch_count_as_stored() -> None:
    with closing(SchemaRegistry(Registry(url="mock://answers"))) as registry:
        nobody = Kafka(bootstrap_servers=f"127.0.0.1:{free_port()}")
        rejections_topic = Rejections(nobody, registry, nobody_else, patience_seconds=1)
        for _ in range(2):
            with pytest.raises(Unavailable, match=r"Kafka is away: .*1 rejections are not told"):
                rejections_topic.tell([refusal()], [])
        rejections_topic.tell([refusal(agency="")], [])
