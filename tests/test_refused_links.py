"""Every link refused in turn: what is said leads to the setting to mend, and no secret is in anything that is said."""

from __future__ import annotations

import base64
import contextlib
import logging
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from alerts.send import Sender
from bewithu.errors import Unavailable
from bewithu.settings import ClickHouse as ClickHouseSettings
from bewithu.settings import Kafka, Registry, Smtp
from sinks.clickhouse.database import Database
from streams.registry import SchemaRegistry as RegistryClient
from streams.topics import ensure_topics
from tests.parts.authority import Authority, Certificate
from tests.parts.clickhouse import ClickHouse
from tests.parts.processes import free_port, running
from tests.parts.registry import SchemaRegistry
from tests.parts.secured_kafka import PASSWORD, USER, SecuredKafka
from tests.parts.smtp import SmtpServer

RIGHT, WRONG = PASSWORD, "geheim-wrong-48d1"
LOGIN = (USER, RIGHT)


@pytest.fixture(scope="module")
def certificates(authority: Authority) -> Certificate:
    return authority.issue("localhost")


@pytest.fixture(scope="module")
def ports(
    tmp_path_factory: pytest.TempPathFactory, secured_kafka: SecuredKafka, certificates: Certificate
) -> Iterator[dict[str, int]]:
    """Where each secured part listens, by the name of its level of settings; the certificates are for localhost."""
    registry, smtp, at_once = (
        SchemaRegistry(certificates, LOGIN),
        SmtpServer(certificates, LOGIN),
        SmtpServer(certificates, LOGIN, at_once=True),
    )
    with contextlib.ExitStack() as parts:
        for server in (registry, smtp, at_once):
            server.start()
            parts.enter_context(running(server))
        folder = tmp_path_factory.mktemp("secured-clickhouse")
        clickhouse = parts.enter_context(running(ClickHouse.start(folder, certificates, LOGIN)))
        yield {
            "kafka": secured_kafka.port,
            "registry": registry.port,
            "clickhouse": clickhouse.port,
            "smtp": smtp.port,
            "smtp at once": at_once.port,
        }


@dataclass(frozen=True)
class Way:
    """How a link is to be reached; by default it works."""

    host: str
    port: int
    password: str
    ca_file: Path


def use_kafka(way: Way, **changes: Any) -> None:
    given = {
        "bootstrap_servers": f"{way.host}:{way.port}", "security_protocol": "SASL_SSL", "sasl_username": USER,
        "sasl_password": way.password, "ca_file": way.ca_file, "partitions": 1,
    }  # fmt: skip
    ensure_topics(Kafka.model_validate(given | changes), seconds=3)


def use_kafka_plain(way: Way) -> None:
    use_kafka(way, sasl_mechanism="PLAIN")


def over_http(way: Way) -> dict[str, Any]:
    return {
        "url": f"https://{way.host}:{way.port}", "username": USER, "password": way.password, "ca_file": way.ca_file
    }  # fmt: skip


def use_registry(way: Way) -> None:
    with contextlib.closing(RegistryClient(Registry.model_validate(over_http(way)))) as registry:
        assert registry.schema(1) is None


def use_clickhouse(way: Way) -> None:
    with contextlib.closing(Database.of(ClickHouseSettings.model_validate(over_http(way)))) as database:
        assert database.value("SELECT 7") == 7


async def use_smtp(way: Way, **tls: bool) -> None:
    given = {
        "host": way.host, "port": way.port, "username": USER, "password": way.password, "ca_file": way.ca_file,
        **(tls or {"starttls": True}),
    }  # fmt: skip
    sender = Sender(Smtp.model_validate(given))
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.invalid", "b@example.invalid", "c"
    delivery = await sender.send(message, "b@example.invalid")
    if delivery.outcome != "sent":
        assert (delivery.outcome, delivery.server_away) == ("retry", True)
        logging.getLogger("tests").warning("%s", delivery.detail)
    # The same as `doctor` sees it.
    await sender.check(5)


async def use_smtp_at_once(way: Way) -> None:
    await use_smtp(way, tls=True)


LINKS: dict[str, tuple[str, Callable[[Way], Any], str]] = {
    "Kafka with SCRAM": ("kafka", use_kafka, "BEWITHU_KAFKA__SASL_"),
    "Kafka with PLAIN": ("kafka", use_kafka_plain, "BEWITHU_KAFKA__SASL_"),
    "registry": ("registry", use_registry, "BEWITHU_REGISTRY__"),
    "ClickHouse": ("clickhouse", use_clickhouse, "BEWITHU_CLICKHOUSE__"),
    "mail after STARTTLS": ("smtp", use_smtp, "BEWITHU_SMTP__"),
    "mail over TLS": ("smtp at once", use_smtp_at_once, "BEWITHU_SMTP__"),
}
FAULTS = ["wrong password", "wrong authority", "other host name", "nobody there"]


@pytest.fixture
def way(request: pytest.FixtureRequest, ports: dict[str, int], authority: Authority) -> Way:
    return Way("localhost", ports[LINKS[request.param][0]], RIGHT, authority.file)


async def use(link: str, way: Way) -> None:
    answer = LINKS[link][1](way)
    if answer is not None:
        await answer


@pytest.mark.parametrize(("way", "link"), [(link, link) for link in LINKS], indirect=["way"])
async def test_a_link_with_the_right_settings_works(link: str, way: Way) -> None:
    await use(link, way)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("way", "link"), [(link, link) for link in LINKS], indirect=["way"])
async def test_a_refused_link_says_what_to_mend_and_tells_no_secret(
    link: str,
    way: Way,
    fault: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    prefix = LINKS[link][2]
    level = prefix.split("__")[0] + "__"
    place = f"{way.host}:{way.port}"
    other = Authority(tmp_path, "another")
    broken, expected = {
        "wrong password": (
            Way(way.host, way.port, WRONG, way.ca_file),
            [f"{place} refused the login of {USER}: check {prefix}USERNAME and {prefix}PASSWORD"],
        ),
        "wrong authority": (
            Way(way.host, way.port, RIGHT, other.file),
            [f"certificate of {place} is not signed by ca_file {other.file}", f"set {level}CA_FILE"],
        ),
        "other host name": (
            Way("127.0.0.1", way.port, RIGHT, way.ca_file),
            [f"certificate of 127.0.0.1:{way.port} is for another host name"],
        ),
        "nobody there": (
            Way(way.host, port := free_port(), RIGHT, way.ca_file),
            [f"localhost:{port}", "onnect"],
        ),
    }[fault]
    with pytest.raises(Unavailable) as caught:
        await use(link, broken)
    told = str(caught.value).replace("https://", "")
    assert [words for words in expected if words not in told] == [], told
    printed = capfd.readouterr()
    said = [told, "".join(traceback.format_exception(caught.value)), caplog.text, printed.out, printed.err]
    assert_no_secret("\n".join(said))


def assert_no_secret(text: str) -> None:
    """Neither in the clear nor in the ways that HTTP and SMTP write it."""
    for secret in (RIGHT, WRONG):
        raw = secret.encode()
        pairs = [raw, f"{USER}:{secret}".encode(), f"\0{USER}\0{secret}".encode()]
        for form in [secret, *(base64.b64encode(pair).decode() for pair in pairs)]:
            assert form not in text, next(line for line in text.splitlines() if form in line)
