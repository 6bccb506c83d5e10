"""The parts that other tests rely on behave as the real things do, and stop and come back when told."""

from __future__ import annotations

import io
import json
import threading
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import fastavro
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError
from confluent_kafka import Consumer, Producer
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.serialization import MessageField, SerializationContext

from tests.parts.clickhouse import ClickHouse
from tests.parts.deadlines import wait_until
from tests.parts.kafka import ApacheKafka
from tests.parts.registry import SchemaRegistry
from tests.parts.smtp import SmtpServer
from tests.parts.tansu import Tansu
from tests.parts.topics import create_topic, unique_topic

PLACE = {
    "type": "record",
    "name": "Place",
    "fields": [{"name": "code", "type": "string"}, {"name": "beds", "type": "int"}],
}
RECORDS = [f"record {number}".encode() for number in range(100)]


# --- brokers ---


def produce(bootstrap_servers: str, topic: str, values: list[bytes]) -> None:
    producer = Producer({"bootstrap.servers": bootstrap_servers, "acks": "all"})
    for value in values:
        producer.produce(topic, value)
    assert producer.flush(20) == 0, f"{topic} did not take every record within 20 s"


def consume(bootstrap_servers: str, topic: str, count: int, seconds: float = 30) -> list[bytes]:
    """The first `count` values of the topic, read through a consumer group of its own."""
    values: list[bytes] = []

    def poll() -> bool:
        for message in consumer.consume(count - len(values), timeout=0.5):
            assert message.error() is None, message.error()
            value = message.value()
            assert isinstance(value, bytes)
            values.append(value)
        return len(values) >= count

    settings = {
        "bootstrap.servers": bootstrap_servers,
        "group.id": unique_topic("group"),
        "auto.offset.reset": "earliest",
        "session.timeout.ms": 6000,
    }
    consumer = Consumer(settings)
    try:
        consumer.subscribe([topic])
        wait_until(poll, seconds, f"{count} records on {topic}")
    finally:
        consumer.close()
    return values


def test_apache_kafka_gives_back_what_it_was_sent(apache_kafka: ApacheKafka) -> None:
    servers = apache_kafka.bootstrap_servers
    topic = create_topic(servers, unique_topic())
    produce(servers, topic, RECORDS)
    assert consume(servers, topic, len(RECORDS)) == RECORDS


def test_apache_kafka_takes_a_record_of_several_mebibytes(apache_kafka: ApacheKafka) -> None:
    servers = apache_kafka.bootstrap_servers
    topic = create_topic(servers, unique_topic())
    large = bytes(5 << 20)
    producer = Producer({"bootstrap.servers": servers, "message.max.bytes": 8 << 20})
    producer.produce(topic, large)
    assert producer.flush(20) == 0
    assert consume(servers, topic, 1) == [large]


def test_killed_apache_kafka_comes_back_on_its_port_with_its_records(own_apache_kafka: ApacheKafka) -> None:
    servers = own_apache_kafka.bootstrap_servers
    topic = create_topic(servers, unique_topic(), partitions=1)
    produce(servers, topic, RECORDS)
    own_apache_kafka.kill()
    own_apache_kafka.restart()
    assert own_apache_kafka.bootstrap_servers == servers
    produce(servers, topic, [b"after the kill"])
    assert consume(servers, topic, len(RECORDS) + 1) == [*RECORDS, b"after the kill"]


def test_apache_kafka_without_its_jars_is_named_with_the_command_that_fetches_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("BEWITHU_TEST_REQUIRE", raising=False)
    monkeypatch.setattr("tests.parts.kafka.JARS", tmp_path)
    with pytest.raises(
        pytest.skip.Exception, match=r"Apache Kafka is missing\. .*mvn .*-f tests/kafka/pom\.xml"
    ):
        ApacheKafka.start(tmp_path)


def test_tansu_gives_back_what_it_was_sent(tansu: Tansu) -> None:
    servers = tansu.bootstrap_servers
    topic = create_topic(servers, unique_topic())
    produce(servers, topic, RECORDS)
    assert consume(servers, topic, len(RECORDS)) == RECORDS


# --- schema registry ---


def test_avro_records_make_the_round_trip_through_the_registry(
    schema_registry: SchemaRegistry,
) -> None:
    at = SerializationContext("places", MessageField.VALUE)
    with SchemaRegistryClient({"url": schema_registry.url}) as client:
        wire = AvroSerializer(client, json.dumps(PLACE))({"code": "21004", "beds": 7}, at)
    with SchemaRegistryClient({"url": schema_registry.url}) as another:
        assert AvroDeserializer(another)(wire, at) == {"code": "21004", "beds": 7}
        assert another.get_subjects() == ["places-value"]
        assert another.get_latest_version("places-value").version == 1


def test_schema_ids_stay_the_same_over_subjects_and_restarts(schema_registry: SchemaRegistry) -> None:
    one = Schema(json.dumps(PLACE), "AVRO")
    two = Schema(json.dumps(PLACE | {"name": "Site"}), "AVRO")
    with SchemaRegistryClient({"url": schema_registry.url}) as client:
        ids = [client.register_schema(*added) for added in (("a", one), ("a", two), ("b", one))]
    assert ids == [1, 2, 1]
    schema_registry.restart()
    with SchemaRegistryClient({"url": schema_registry.url}) as client:
        assert client.register_schema("a", two) == 2
        assert client.get_versions("a") == [1, 2]
        assert client.lookup_schema("b", one).schema_id == 1
        assert json.loads(client.get_schema(2).schema_str or "")["name"] == "Site"


def test_schema_registry_says_what_it_does_not_know(schema_registry: SchemaRegistry) -> None:
    with SchemaRegistryClient({"url": schema_registry.url}) as client:
        with pytest.raises(SchemaRegistryError) as no_subject:
            client.get_latest_version("nobody")
        with pytest.raises(SchemaRegistryError) as no_schema:
            client.get_schema(99)
        with pytest.raises(SchemaRegistryError) as no_avro:
            client.register_schema("a", Schema('{"type": "nonsense"}', "AVRO"))
    assert (no_subject.value.http_status_code, no_subject.value.error_code) == (404, 40401)
    assert (no_schema.value.http_status_code, no_schema.value.error_code) == (404, 40403)
    assert (no_avro.value.http_status_code, no_avro.value.error_code) == (422, 42201)


# --- ClickHouse ---


@pytest.mark.parametrize("compress", [False, "lz4", "zstd", "gzip"])
def test_clickhouse_returns_the_rows_that_were_inserted(
    clickhouse: ClickHouse, clickhouse_database: str, compress: str | bool
) -> None:
    rows = [[number, f"name\t{number}", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)] for number in range(1000)]
    with clickhouse.client(database=clickhouse_database, compress=compress, tz_mode="aware") as client:
        columns = "number UInt32, name String, at DateTime64(3, 'UTC')"
        client.command(f"CREATE TABLE people ({columns}) ENGINE = MergeTree ORDER BY number")
        summary = client.insert("people", rows, column_names=["number", "name", "at"])
        assert summary.written_rows == 1000
        result = client.query("SELECT * FROM people ORDER BY number")
        assert [list(row) for row in result.result_rows] == rows
        assert client.command("SELECT count() FROM people") == 1000
        as_json = json.loads(client.raw_query("SELECT max(number) AS most FROM people", fmt="JSON"))
        assert as_json["data"] == [{"most": 999}]


def test_clickhouse_reads_an_avro_container_file(clickhouse: ClickHouse, clickhouse_database: str) -> None:
    container = io.BytesIO()
    fastavro.writer(container, PLACE, [{"code": str(beds), "beds": beds} for beds in range(500)])
    with clickhouse.client(database=clickhouse_database) as client:
        client.command("CREATE TABLE places (code String, beds Int32) ENGINE = MergeTree ORDER BY code")
        summary = client.raw_insert(
            "places", insert_block=container.getvalue(), fmt="Avro", settings={"async_insert": 0}
        )
        assert summary.written_rows == 500
        assert client.query("SELECT count(), sum(beds) FROM places").result_rows == [(500, sum(range(500)))]


def test_clickhouse_binds_parameters_as_values(clickhouse: ClickHouse) -> None:
    awkward = {"text": "O'Neill \\ a\ttab", "texts": ["it's", "déjà"], "nothing": None, "day": "2026-01-01"}
    question = "SELECT {text:String}, {texts:Array(String)}, {nothing:Nullable(String)}, {day:Date}"
    with clickhouse.client() as client:
        row = client.query(question, parameters=awkward).result_rows[0]
    assert row == (awkward["text"], awkward["texts"], None, datetime(2026, 1, 1).date())  # noqa: DTZ001, a plain day


def test_clickhouse_errors_carry_their_code(clickhouse: ClickHouse) -> None:
    with clickhouse.client() as client:
        with pytest.raises(DatabaseError, match="UNKNOWN_TABLE") as no_table:
            client.query("SELECT * FROM no_such_table")
        with pytest.raises(DatabaseError, match=r"Code: 62\. DB::Exception: Syntax error"):
            client.command("SELECT FROM WHERE")
        with pytest.raises(DatabaseError, match="UNKNOWN_DATABASE"):
            clickhouse.client(database="no_such_database")
    assert no_table.value.code == 60


def test_clickhouse_settings_last_for_one_request(clickhouse: ClickHouse) -> None:
    with clickhouse.client() as client:
        question = "SELECT getSetting('max_threads')"
        assert client.query(question, settings={"max_threads": 1}).result_rows == [(1,)]
        assert client.query(question).result_rows != [(1,)]


def test_clickhouse_serves_several_clients_at_once(clickhouse: ClickHouse, clickhouse_database: str) -> None:
    with clickhouse.client(database=clickhouse_database) as client:
        client.command("CREATE TABLE numbers (number UInt32) ENGINE = MergeTree ORDER BY number")

        def insert(worker: int) -> None:
            with clickhouse.client(database=clickhouse_database) as own:
                for batch in range(5):
                    first = worker * 1000 + batch * 100
                    own.insert("numbers", [[first + i] for i in range(100)], column_names=["number"])

        threads = [threading.Thread(target=insert, args=(worker,)) for worker in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert client.query("SELECT count(), uniqExact(number) FROM numbers").result_rows == [(2000, 2000)]


def test_killed_clickhouse_comes_back_with_its_rows(own_clickhouse: ClickHouse) -> None:
    with own_clickhouse.client() as client:
        client.command("CREATE TABLE kept (number UInt32) ENGINE = MergeTree ORDER BY number")
        client.insert("kept", [[1], [2]], column_names=["number"])
        own_clickhouse.kill()
        own_clickhouse.restart()
        assert client.query("SELECT sum(number) FROM kept").result_rows == [(3,)]


# --- mail ---


def mail(subject: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "bewithu@example.org", "someone@example.org", subject
    message.set_content("Le nombre dépasse le seuil.")
    return message


async def send(server: SmtpServer, subject: str) -> None:
    await aiosmtplib.send(mail(subject), hostname=server.host, port=server.port, timeout=10)


async def test_smtp_server_keeps_the_mail_that_it_accepted(smtp_server: SmtpServer) -> None:
    await send(smtp_server, "Opvang in Gent: drempel overschreden")
    [accepted] = smtp_server.mails
    assert (accepted.sender, accepted.recipients) == ("bewithu@example.org", ("someone@example.org",))
    assert accepted.message["Subject"] == "Opvang in Gent: drempel overschreden"
    assert accepted.message.get_content().strip() == "Le nombre dépasse le seuil."


async def test_smtp_server_refuses_as_many_mails_as_it_was_told(smtp_server: SmtpServer) -> None:
    smtp_server.refuse_next(2, 451)
    smtp_server.refuse_next(1, 550, at="RCPT")
    for _ in range(2):
        with pytest.raises(aiosmtplib.SMTPDataError, match="451"):
            await send(smtp_server, "refused for now")
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
        await send(smtp_server, "refused for good")
    assert [one.code for one in refused.value.recipients] == [550]
    await send(smtp_server, "taken")
    assert [one.message["Subject"] for one in smtp_server.mails] == ["taken"]
    assert smtp_server.attempts == 4


async def test_smtp_server_can_accept_a_mail_and_lose_the_answer(smtp_server: SmtpServer) -> None:
    smtp_server.lose_next_answers()
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await send(smtp_server, "taken, but the sender cannot know")
    assert len(smtp_server.mails) == 1


async def test_stopped_smtp_server_comes_back_on_its_port_with_its_mails(smtp_server: SmtpServer) -> None:
    await send(smtp_server, "before")
    smtp_server.stop()
    with pytest.raises(aiosmtplib.SMTPConnectError):
        await send(smtp_server, "nobody is there")
    smtp_server.start()
    await send(smtp_server, "after")
    assert [one.message["Subject"] for one in smtp_server.mails] == ["before", "after"]
