"""TLS beyond passwords: mutual certificates, expired ones, ports that speak no TLS, servers that offer none."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from alerts.send import Sender
from bewithu.errors import Unavailable
from bewithu.settings import ClickHouse as ClickHouseSettings
from bewithu.settings import Registry, Smtp
from sinks.clickhouse.database import Database
from sinks.clickhouse.server import client_options
from streams.registry import SchemaRegistry as RegistryClient
from tests.parts.authority import Authority, Certificate
from tests.parts.clickhouse import ClickHouse
from tests.parts.deadlines import wait_until_async
from tests.parts.processes import free_port, running
from tests.parts.registry import SchemaRegistry
from tests.parts.smtp import SmtpServer


@pytest.fixture
def parts() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def registry_with(parts: ExitStack, certificate: Certificate | None) -> SchemaRegistry:
    server = SchemaRegistry(certificate)
    server.start()
    return parts.enter_context(running(server))


def mail_server_with(parts: ExitStack, certificate: Certificate | None) -> SmtpServer:
    server = SmtpServer(certificate)
    server.start()
    return parts.enter_context(running(server))


def ask_registry(url: str, **settings: Any) -> None:
    with closing(RegistryClient(Registry.model_validate({"url": url, **settings}))) as client:
        assert client.schema(1) is None


def files(made: Certificate) -> dict[str, Any]:
    return {"certificate_file": made.file, "key_file": made.key}


def test_a_registry_that_asks_for_a_certificate_gets_ours(parts: ExitStack, authority: Authority) -> None:
    server = registry_with(parts, replace(authority.issue("localhost"), clients=authority.file))
    ours = authority.issue("bewithu", password="geheim", for_client=True)
    ask_registry(server.url, ca_file=authority.file, key_password="geheim", **files(ours))
    with pytest.raises(Unavailable, match="the schema registry is away"):
        ask_registry(server.url, ca_file=authority.file)


def test_a_server_that_says_why_it_refuses_our_certificate_is_understood(authority: Authority) -> None:
    """The servers above hang up without a word, as asyncio does; others send TLS' own answer."""
    asking = replace(authority.issue("localhost"), clients=authority.file).server_context()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            with suppress(OSError):  # shutting the listener down ends the last wait
                while True:
                    connection, _ = listener.accept()
                    with connection, suppress(ssl.SSLError):
                        asking.wrap_socket(connection, server_side=True)

        server = threading.Thread(target=refuse)
        server.start()
        url = f"https://localhost:{listener.getsockname()[1]}"
        refused = r"refused our side of TLS .*: check BEWITHU_REGISTRY__CERTIFICATE_FILE"
        try:
            with pytest.raises(Unavailable, match=refused):
                ask_registry(url, ca_file=authority.file)
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            server.join(10)
        assert not server.is_alive()


def test_a_clickhouse_that_asks_for_a_certificate_gets_ours(
    parts: ExitStack, authority: Authority, tmp_path: Path
) -> None:
    certificate = replace(authority.issue("localhost"), clients=authority.file)
    server = parts.enter_context(running(ClickHouse.start(tmp_path, certificate, ("store", "geheim"))))
    given = {
        "url": f"https://localhost:{server.port}", "username": "store", "password": "geheim",
        "ca_file": authority.file,
    }  # fmt: skip
    ours = files(authority.issue("bewithu", for_client=True))
    with closing(Database.of(ClickHouseSettings.model_validate({**given, **ours}))) as database:
        assert database.value("SELECT 7") == 7
    with (
        closing(Database.of(ClickHouseSettings.model_validate(given))) as database,
        pytest.raises(Unavailable, match="is away"),
    ):
        database.value("SELECT 7")


def test_a_certificate_is_clickhouse_s_login_unless_there_is_a_password(authority: Authority) -> None:
    given = {"url": "https://localhost:1", "username": "store", **files(authority.issue("store"))}
    alone = client_options(ClickHouseSettings.model_validate(given))
    beside = client_options(ClickHouseSettings.model_validate({**given, "password": "geheim"}))
    assert (alone["tls_mode"], beside["tls_mode"]) == ("mutual", "strict")
    assert alone["verify"] is beside["verify"] is True


def test_an_expired_certificate_is_told_as_such(parts: ExitStack, authority: Authority) -> None:
    server = registry_with(parts, authority.issue("localhost", days=-1))
    with pytest.raises(Unavailable, match="has expired: have it renewed"):
        ask_registry(server.url, ca_file=authority.file)


def test_an_open_port_is_told_as_such(parts: ExitStack, authority: Authority) -> None:
    server = registry_with(parts, None)
    with pytest.raises(Unavailable, match="does not speak TLS: check the port"):
        ask_registry(f"https://localhost:{server.port}", ca_file=authority.file)


async def test_a_mail_server_that_asks_for_a_certificate_gets_ours(
    parts: ExitStack, authority: Authority
) -> None:
    server = mail_server_with(parts, replace(authority.issue("localhost"), clients=authority.file))
    given = {"host": "localhost", "port": server.port, "starttls": True, "ca_file": authority.file}
    ours = files(authority.issue("bewithu", for_client=True))
    await Sender(Smtp.model_validate({**given, **ours})).check(10)
    with pytest.raises(Unavailable, match="the mail server is away"):
        await Sender(Smtp.model_validate(given)).check(10)


async def test_a_mail_server_without_starttls_gets_neither_login_nor_mail(
    parts: ExitStack, authority: Authority
) -> None:
    server = mail_server_with(parts, None)
    server.login = ("alerts", "geheim")
    sender = Sender(
        Smtp.model_validate(
            {
                "host": "localhost",
                "port": server.port,
                "starttls": True,
                "username": "alerts",
                "password": "geheim",
                "ca_file": authority.file,
            }
        )
    )
    with pytest.raises(Unavailable, match="STARTTLS"):
        await sender.check(10)
    assert (server.logins, server.attempts) == (0, 0)


async def test_what_a_mail_server_repeats_of_a_login_is_not_told() -> None:
    told: list[bytes] = []
    ended: list[bool] = []

    async def repeat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        with suppress(OSError):
            while line := (await reader.readline()).rstrip():
                told.append(line)
                hello = line.startswith((b"EHLO", b"HELO"))
                writer.write(
                    b"250-hi\r\n250 AUTH PLAIN LOGIN\r\n" if hello else b"500 what is " + line + b"?\r\n"
                )
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        ended.append(True)

    message = EmailMessage()
    message["From"], message["To"] = "a@example.invalid", "b@example.invalid"
    server = await asyncio.start_server(repeat, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        sender = Sender(Smtp(port=port, username="alerts", password=SecretStr("geheim-48d1")))
        delivery = await sender.send(message, "b@example.invalid")
        with pytest.raises(Unavailable) as caught:
            await sender.check(5)
        await wait_until_async(lambda: len(ended) == 2, 10, "both conversations to end")
    said = delivery.detail + "".join(traceback.format_exception(caught.value))
    assert "refused the login of alerts" in delivery.detail
    sent = [word.decode() for line in told if line.startswith(b"AUTH PLAIN ") for word in line.split()[2:]]
    assert sent, "the login was tried"
    assert [secret for secret in ["geheim-48d1", *sent] if secret in said] == []


async def test_a_mail_waits_though_the_authority_s_file_has_gone(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    sender = Sender(Smtp(host="localhost", port=free_port(), tls=True, ca_file=authority.file))
    authority.file.unlink()
    delivery = await sender.send(EmailMessage(), "b@example.invalid")
    assert (delivery.outcome, delivery.server_away) == ("retry", True)
