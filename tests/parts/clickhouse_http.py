"""ClickHouse's HTTP interface in front of chdb: `python -m tests.parts.clickhouse_http --path DIR --port N`.

chdb is the server's own engine without its network side, and one process owns its data; several workers need
one ClickHouse. What differs from a server: every request is a session of its own, there are no users and no
external tables, and an answer is complete before it is sent (as with `wait_end_of_query=1`).
The interface: https://clickhouse.com/docs/interfaces/http
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import io
import json
import os
import sys
import uuid
import zlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import lz4.frame  # type: ignore[import-untyped]
from aiohttp import web

from tests.parts.authority import Certificate
from tests.parts.clickhouse_engine import DEFAULT_FORMAT, Answer, Engine, Statement, StatementError
from tests.parts.logins import basic_login

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# Parameters of the request itself; every other one is a setting, or `param_…`.
REQUEST_PARAMETERS = frozenset(
    {
        *("query", "query_id", "database", "default_format", "user", "password", "role", "quota_key"),
        *("session_id", "session_check", "session_timeout", "close_session", "client_protocol_version"),
        *("compress", "decompress", "buffer_size", "wait_end_of_query", "stacktrace"),
    }
)
# A server's own choice of status (ClickHouse, src/Server/HTTP/exceptionCodeToHTTPStatus.cpp), as far as
# statements of ours can fail; the rest is 500.
STATUS_OF_CODE = {
    **dict.fromkeys((6, 27, 36, 38, 41, 44, 53, 62, 72, 117, 321), 400),
    **dict.fromkeys((46, 47, 50, 56, 60, 63, 73, 81, 115), 404),
    48: 501,
    159: 408,
    497: 403,
}
LARGEST_BODY = 1 << 30
# Bodies are decoded here: aiohttp knows gzip, but not the lz4 that clickhouse-connect prefers. A server's
# `http_max_uri_size` is a mebibyte.
HANDLER = {"auto_decompress": False, "max_line_size": 1 << 20}
#: `user:password`, where everybody else is refused. In the environment, as arguments can be seen by all.
LOGIN_VARIABLE = "CLICKHOUSE_HTTP_LOGIN"
REFUSED_LOGIN = (
    "Code: 516. DB::Exception: Authentication failed: password is incorrect, or there is no user with such name. "
    "(AUTHENTICATION_FAILED)\n"
)
STATEMENTS_AT_ONCE = 8


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m tests.parts.clickhouse_http")
    arguments.add_argument("--path", type=Path, required=True, help="folder of the data")
    arguments.add_argument("--backups", type=Path, help="folder of the disk `backups`")
    arguments.add_argument("--port", type=int, required=True, help="port of 127.0.0.1 to listen on")
    arguments.add_argument("--certificate", type=Path, help="PEM file, for HTTPS")
    arguments.add_argument("--key", type=Path, help="PEM file of its key")
    arguments.add_argument(
        "--clients", type=Path, help="PEM file of the authorities of clients, for mutual TLS"
    )
    given = arguments.parse_args()
    shown = Certificate(given.certificate, given.key, given.clients) if given.certificate else None
    context = shown.server_context() if shown else None
    engine = Engine(given.path, given.backups)
    try:
        app = application(engine, os.environ.get(LOGIN_VARIABLE))
        web.run_app(
            app, host="127.0.0.1", port=given.port, ssl_context=context, print=None, access_log=None,
            shutdown_timeout=5,
        )  # fmt: skip
    finally:
        engine.close()


def application(engine: Engine, login: str | None) -> web.Application:
    app = web.Application(client_max_size=LARGEST_BODY, handler_args=HANDLER)
    interface = HttpInterface(engine, basic_login(*login.split(":", 1)) if login else None)
    app.router.add_get("/ping", interface.ping)
    app.router.add_route("*", "/", interface.statement)
    return app


class HttpInterface:
    def __init__(self, engine: Engine, login: str | None) -> None:
        self.engine = engine
        self.login = login
        self.threads = ThreadPoolExecutor(STATEMENTS_AT_ONCE, thread_name_prefix="statement")

    async def ping(self, _: web.Request) -> web.Response:
        return web.Response(text="Ok.\n")

    async def statement(self, request: web.Request) -> web.Response:
        if self.login is not None and request.headers.get("Authorization") != self.login:
            return web.Response(
                text=REFUSED_LOGIN, status=403, headers={"X-ClickHouse-Exception-Code": "516"}
            )
        statement = await read_statement(request)
        if not statement.text.strip():
            return web.Response(text="Ok.\n")
        headers = {
            "X-ClickHouse-Query-Id": request.query.get("query_id", str(uuid.uuid4())),
            "X-ClickHouse-Timezone": self.engine.timezone,
            "X-ClickHouse-Server-Display-Name": "chdb",
        }
        try:
            loop = asyncio.get_running_loop()
            answer = await loop.run_in_executor(self.threads, self.engine.run, statement)
        except StatementError as error:
            headers["X-ClickHouse-Exception-Code"] = str(error.code)
            text = f"{error} (version {self.engine.version})\n"
            return web.Response(text=text, status=STATUS_OF_CODE.get(error.code, 500), headers=headers)
        return _respond(request, answer, headers)


async def read_statement(request: web.Request) -> Statement:
    """The statement: `query` in the address or the form, with the body behind it."""
    values = dict(request.query)
    body = b""
    if request.content_type == "multipart/form-data":
        values |= {name: str(value) for name, value in (await request.post()).items()}
    else:
        body = _decoded(await request.read(), request.headers.get("Content-Encoding", ""))
    query = values.get("query", "").encode()
    separator = b"\n" if query and body and not query.endswith(b"\n") else b""
    settings = {name: value for name, value in values.items() if name not in REQUEST_PARAMETERS}
    parameters = {name: settings.pop(name) for name in list(settings) if name.startswith("param_")}
    return Statement(
        text=query + separator + body,
        database=values.get("database", ""),
        settings=settings,
        parameters={name.removeprefix("param_"): value for name, value in parameters.items()},
        default_format=values.get("default_format", DEFAULT_FORMAT),
        read_only=request.method == "GET",
    )


def _respond(request: web.Request, answer: Answer, headers: Mapping[str, str]) -> web.Response:
    sent = dict(headers)
    sent["X-ClickHouse-Summary"] = json.dumps(dict(answer.summary))
    if answer.format is not None:
        sent["X-ClickHouse-Format"] = answer.format
    body = answer.body
    encoding = _encoding_for(request)
    if encoding and body:
        body = _encoded(body, encoding)
        sent["Content-Encoding"] = encoding
    return web.Response(body=body, headers=sent)


def _encoding_for(request: web.Request) -> str:
    if request.query.get("enable_http_compression") != "1":
        return ""
    accepted = [one.split(";")[0].strip() for one in request.headers.get("Accept-Encoding", "").split(",")]
    return next((one for one in accepted if one in ("lz4", "zstd", "gzip")), "")


def _encoded(body: bytes, encoding: str) -> bytes:
    match encoding:
        case "lz4":
            return bytes(lz4.frame.compress(body))
        case "zstd":
            return zstd.compress(body)
        case _:
            return gzip.compress(body)


def _decoded(body: bytes, encoding: str) -> bytes:
    match encoding:
        case "" | "identity":
            return body
        case "lz4":
            # clickhouse-connect sends one frame a block; only the file interface reads on behind the first
            with lz4.frame.open(io.BytesIO(body)) as frames:
                return bytes(frames.read())
        case "zstd":
            return zstd.decompress(body)
        case "gzip":
            return gzip.decompress(body)
        case "deflate":
            return zlib.decompress(body)
        case _:
            text = f"Content-Encoding {encoding!r} is not known: send lz4, zstd, gzip, deflate or none\n"
            raise web.HTTPUnsupportedMediaType(text=text)


if __name__ == "__main__":
    main()
