"""A receiver of webhooks on 127.0.0.1 that keeps what it is sent and answers as a test tells it to."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.parts.authority import Certificate
from tests.parts.background_loop import BackgroundLoop
from tests.parts.processes import free_port

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Posted:
    """One request: its path, its headers and its body, read as JSON."""

    path: str
    headers: dict[str, str]
    body: Any


class Receiver:
    """`answers` are used up one by one; then everything is taken. With a certificate it speaks HTTPS."""

    def __init__(self, certificate: Certificate | None = None) -> None:
        self._certificate = certificate
        self.port = free_port()
        self.posted: list[Posted] = []
        self.answers: deque[Answer] = deque()
        self._loop: BackgroundLoop | None = None
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        host = "https://localhost" if self._certificate else "http://127.0.0.1"
        return f"{host}:{self.port}/hook/s3cret"

    def start(self) -> None:
        self._loop = BackgroundLoop("receiver")
        self._loop.run(self._serve())

    def stop(self) -> None:
        """Close the port and every connection. Does nothing when it is stopped already."""
        if self._loop is None or self._runner is None:
            return
        self._loop.run(self._runner.cleanup())
        self._loop.close()
        self._loop = self._runner = None

    async def _serve(self) -> None:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._take)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        context = self._certificate.server_context() if self._certificate else None
        await web.TCPSite(self._runner, "127.0.0.1", self.port, ssl_context=context).start()

    async def _take(self, request: web.Request) -> web.StreamResponse:
        self.posted.append(Posted(request.path, dict(request.headers), await request.json()))
        if self.answers:
            return await self.answers.popleft()(request)
        return web.Response()


def answering(status: int, text: str = "", headers: dict[str, str] | None = None) -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=text, headers=headers)

    return answer
