"""Connects to a ClickHouse server over HTTP or HTTPS, and says what to mend when it cannot."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError

from bewithu.errors import Unavailable
from bewithu.refusals import login_refusal, tls_refusal
from bewithu.settings import ClickHouse
from sinks.clickhouse.stated_settings import STATEMENT_SETTINGS

#: UNKNOWN_USER, WRONG_PASSWORD, REQUIRED_PASSWORD, AUTHENTICATION_FAILED.
_LOGIN_ERRORS = frozenset({192, 193, 194, 516})


def connect(settings: ClickHouse) -> Client:
    """Raises `Unavailable` for a refused certificate or login, and what the driver raises for all else."""
    server = _server(settings)
    try:
        return _sending_once(clickhouse_connect.get_client(**client_options(settings)))
    except ClickHouseError as error:
        if isinstance(error, DatabaseError) and error.code in _LOGIN_ERRORS:
            refusal: str | None = login_refusal(server, settings.username or "default", settings)
        else:
            refusal = tls_refusal(error, server, settings)
        if refusal is None:
            raise
        raise Unavailable(server_name(settings), refusal) from error


def _sending_once(client: Client) -> Client:
    """The driver sends an insert again when the connection closed before an answer came, though ClickHouse may have
    stored it: steps would be there twice. Whoever inserts is told, and looks what is there.
    """
    backend: Any = vars(client)["_backend"]
    request = backend.request

    def once(*arguments: Any, **named: Any) -> Any:
        # Inserts, and reads of whole answers, are what it does not let the server wait for.
        if named.get("server_wait") is False:
            named["retryable"] = False
        return request(*arguments, **named)

    backend.request = once
    return client


def client_options(settings: ClickHouse) -> dict[str, Any]:
    """Of clickhouse-connect's client. Holds secrets: never print it."""
    parts = urlsplit(settings.url)
    password = settings.password.get_secret_value() if settings.password else ""
    options: dict[str, Any] = {
        "host": parts.hostname,
        "port": parts.port,
        "username": settings.username or "default",
        "password": password,
        "database": database_of(settings),
        "secure": settings.encrypted,
        "verify": True,
        "autogenerate_session_id": False,
        "query_retries": 0,
        "settings": dict(STATEMENT_SETTINGS),
        "send_receive_timeout": settings.timeout_seconds,
    }
    files = {
        "ca_cert": settings.ca_file,
        "client_cert": settings.certificate_file,
        "client_cert_key": settings.key_file,
    }
    options |= {name: str(file) for name, file in files.items() if file is not None}
    if settings.certificate_file is not None:
        # A certificate alone is the login; with a password it only opens the door for that.
        options["tls_mode"] = "strict" if password else "mutual"
    return options


def database_of(settings: ClickHouse) -> str:
    return urlsplit(settings.url).path.strip("/") or "default"


def server_name(settings: ClickHouse) -> str:
    return f"ClickHouse at {_server(settings)}"


def _server(settings: ClickHouse) -> str:
    parts = urlsplit(settings.url)
    return f"{parts.hostname}:{parts.port}"
