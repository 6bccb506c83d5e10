"""All Kafka clients connect by the same settings, over TLS with a login or a certificate of our own."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from confluent_kafka import Consumer
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth

from bewithu.errors import Unavailable
from bewithu.settings import Kafka, Registry
from streams.kafka_security import faust_credentials, librdkafka_options
from streams.publisher import Publisher
from streams.registry import SchemaRegistry
from streams.topics import ensure_topics
from tests.events import registration
from tests.parts.authority import Authority
from tests.parts.deadlines import wait_until
from tests.parts.secured_kafka import PASSWORD, USER, SecuredKafka

TOPIC = "bewithu.registration.v1"
MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


@pytest.fixture
def by_login(secured_kafka: SecuredKafka) -> Mapping[str, Any]:
    return {
        "bootstrap_servers": secured_kafka.bootstrap_servers,
        "security_protocol": "SASL_SSL",
        "sasl_username": USER,
        "sasl_password": PASSWORD,
        "ca_file": secured_kafka.authority.file,
        "partitions": 1,
    }


@pytest.fixture
def by_certificate(secured_kafka: SecuredKafka) -> Mapping[str, Any]:
    ours = secured_kafka.authority.issue("bewithu", password="geheim-key", for_client=True)
    return {
        "bootstrap_servers": f"localhost:{secured_kafka.certificate_port}",
        "security_protocol": "SSL",
        "ca_file": secured_kafka.authority.file,
        "certificate_file": ours.file,
        "key_file": ours.key,
        "key_password": "geheim-key",
        "partitions": 1,
    }


def kafka(given: Mapping[str, Any], **changes: Any) -> Kafka:
    kept = {name: value for name, value in {**given, **changes}.items() if value is not None}
    return Kafka.model_validate(kept)


# --- options, as pure functions ---


def test_without_settings_the_link_is_open_and_nothing_is_sent() -> None:
    assert librdkafka_options(Kafka()) == {
        "bootstrap.servers": "127.0.0.1:9092",
        "security.protocol": "PLAINTEXT",
    }
    assert faust_credentials(Kafka()) is None


def test_options_of_librdkafka_verify_certificate_and_host_name(tmp_path: Path) -> None:
    ca = Authority(tmp_path).file
    settings = Kafka.model_validate(
        {"security_protocol": "SASL_SSL", "sasl_username": "me", "sasl_password": "secret", "ca_file": ca}
    )
    assert librdkafka_options(settings) == {
        "bootstrap.servers": "127.0.0.1:9092",
        "security.protocol": "SASL_SSL",
        "enable.ssl.certificate.verification": True,
        "ssl.endpoint.identification.algorithm": "https",
        "ssl.ca.location": str(ca),
        "sasl.mechanisms": "SCRAM-SHA-512",
        "sasl.username": "me",
        "sasl.password": "secret",
    }


def test_a_certificate_s_own_file_may_hold_its_key(tmp_path: Path) -> None:
    made = Authority(tmp_path).issue("me")
    both = tmp_path / "both.pem"
    both.write_text(made.file.read_text() + made.key.read_text())
    options = librdkafka_options(Kafka(security_protocol="SSL", certificate_file=both))
    assert options["ssl.certificate.location"] == options["ssl.key.location"] == str(both)


# --- on Apache Kafka ---


@pytest.mark.parametrize("mechanism", MECHANISMS)
async def test_both_kinds_of_clients_log_in_with_every_mechanism(
    by_login: Mapping[str, Any], mechanism: str
) -> None:
    await use_both(kafka(by_login, sasl_mechanism=mechanism))


async def test_both_kinds_of_clients_show_a_certificate_of_ours(by_certificate: Mapping[str, Any]) -> None:
    await use_both(kafka(by_certificate))


async def use_both(settings: Kafka) -> None:
    ensure_topics(settings)
    async with AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap_servers,
        **credentials_to_aiokafka_auth(faust_credentials(settings)),
    ) as consumer:
        assert TOPIC in await consumer.topics()


def test_an_event_is_published_and_read_back_by_a_plain_consumer(
    by_login: Mapping[str, Any],
) -> None:
    settings = kafka(by_login)
    ensure_topics(settings)
    with closing(SchemaRegistry(Registry(url="mock://published"))) as registry:
        publisher = Publisher(settings, registry)
        event = registration("0" * 31 + "a", datetime(2025, 3, 3, tzinfo=UTC)).event
        publisher.publish(TOPIC, event, datetime.now(UTC))
        publisher.flush(30)
        assert publisher.delivered == 1
    consumer = Consumer(
        {**librdkafka_options(settings), "group.id": "plain", "auto.offset.reset": "earliest"}
    )
    try:
        consumer.subscribe([TOPIC])

        def key() -> bytes | None:
            message = consumer.poll(0.5)
            assert message is None or message.error() is None
            found = message.key() if message else None
            return found if isinstance(found, bytes) else None

        # Other tests may have published here before.
        wait_until(lambda: key() == b"0" * 31 + b"a", 30, "the event")
    finally:
        consumer.close()


def test_what_cannot_be_published_is_told_soon_with_its_cause(by_login: Mapping[str, Any]) -> None:
    with closing(SchemaRegistry(Registry(url="mock://refused"))) as registry:
        publisher = Publisher(kafka(by_login, sasl_password="geheim-wrong"), registry)
        publisher.send(TOPIC, b"key", b"value", datetime.now(UTC), "dvz")
        # Not after these ten minutes: nothing gets better by waiting for a wrong password.
        with pytest.raises(Unavailable, match=r"1 events are not delivered: .* refused the login of bewithu"):
            publisher.flush(600)


def test_a_publisher_whose_buffer_is_full_does_not_wait_for_a_wrong_password(
    by_login: Mapping[str, Any],
) -> None:
    with closing(SchemaRegistry(Registry(url="mock://full"))) as registry:
        wrong = kafka(by_login, sasl_password="geheim-wrong")
        publisher = Publisher(wrong, registry, **{"queue.buffering.max.messages": 1})
        publisher.send(TOPIC, b"key", b"value", datetime.now(UTC), "dvz")
        with pytest.raises(Unavailable, match="refused the login of bewithu"):
            publisher.send(TOPIC, b"key", b"value", datetime.now(UTC), "dvz")


@pytest.mark.parametrize("whose", ["none", "another authority's"])
def test_a_broker_that_refuses_our_certificate_is_told(
    by_certificate: Mapping[str, Any], tmp_path: Path, whose: str
) -> None:
    changes: dict[str, Any] = dict.fromkeys(("certificate_file", "key_file", "key_password"))
    if whose != "none":
        other = Authority(tmp_path).issue("bewithu", for_client=True)
        changes |= {"certificate_file": other.file, "key_file": other.key}
    with pytest.raises(Unavailable, match=r"refused our side of TLS, check BEWITHU_KAFKA__CERTIFICATE_FILE"):
        ensure_topics(kafka(by_certificate, **changes), 3)


def test_an_open_client_at_a_secured_broker_is_told_of_its_protocol(by_login: Mapping[str, Any]) -> None:
    settings = Kafka(bootstrap_servers=by_login["bootstrap_servers"])
    with pytest.raises(Unavailable, match="security_protocol is PLAINTEXT"):
        ensure_topics(settings, 3)


def test_a_cause_is_told_in_the_same_words_at_every_try(by_login: Mapping[str, Any]) -> None:
    """The worker logs a cause once, as long as it stays the same."""
    told = set()
    for _ in range(2):
        with pytest.raises(Unavailable) as caught:
            ensure_topics(kafka(by_login, bootstrap_servers="127.0.0.1:1"), 1)
        told.add(str(caught.value))
    assert len(told) == 1
    assert re.fullmatch(r"Kafka is away: 127\.0\.0\.1:1: .*Connection refused", told.pop())


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("password", [PASSWORD, "geheim-wrong"])
async def test_aiokafka_s_log_has_no_password_even_at_debug(
    by_login: Mapping[str, Any], mechanism: str, password: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    settings = kafka(by_login, sasl_mechanism=mechanism, sasl_password=password)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap_servers,
        **credentials_to_aiokafka_auth(faust_credentials(settings)),
    )
    said = ""
    try:
        await consumer.start()
        await consumer.topics()
    except KafkaError as error:
        said = "".join(traceback.format_exception(error))
    finally:
        await consumer.stop()
    assert ("Authenticated as bewithu" in caplog.text) == (password == PASSWORD)
    assert "SaslHandShake" in caplog.text, "requests are logged"
    # The password itself shows only with PLAIN; with SCRAM it would be a proof that can be tried out offline.
    assert "SaslAuthenticate" not in caplog.text
    assert password not in caplog.text + said
