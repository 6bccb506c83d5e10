"""A schema registry over HTTP that speaks as much of Confluent's API as its Avro clients use.

It does not judge compatibility: every valid Avro schema is accepted as the next version.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Middleware

from tests.parts.authority import Certificate
from tests.parts.background_loop import BackgroundLoop
from tests.parts.logins import basic_login
from tests.parts.processes import free_port
from tests.parts.registry_content import SUBJECT_LEVEL_NOT_CONFIGURED, RegistryContent, RegistryError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MEDIA_TYPE = "application/vnd.schemaregistry.v1+json"


class SchemaRegistry:
    """A registry on a port of 127.0.0.1; what it knows (`content`) survives stop and restart.

    With a certificate it speaks HTTPS, with a login it answers that user only.
    """

    def __init__(self, certificate: Certificate | None = None, login: tuple[str, str] | None = None) -> None:
        self._certificate = certificate
        self._login = login
        self.content = RegistryContent()
        self.port = free_port()
        self._loop: BackgroundLoop | None = None
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}" if self._certificate else f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._loop = BackgroundLoop("schema-registry")
        self._loop.run(self._serve())

    def stop(self) -> None:
        """Close the port and every connection. Does nothing when it is stopped already."""
        if self._loop is None or self._runner is None:
            return
        self._loop.run(self._runner.cleanup())
        self._loop.close()
        self._loop = self._runner = None

    def restart(self) -> None:
        self.stop()
        self.start()

    async def _serve(self) -> None:
        application = _application(self.content, self._login)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        context = self._certificate.server_context() if self._certificate else None
        await web.TCPSite(self._runner, "127.0.0.1", self.port, ssl_context=context).start()


def _application(content: RegistryContent, login: tuple[str, str] | None) -> web.Application:
    application = web.Application(middlewares=[_answer_errors, _ask_for(login)])
    routes = _Routes(content)
    application.add_routes(
        [
            web.get("/", routes.root),
            web.get("/subjects", routes.subjects),
            web.post("/subjects/{subject}", routes.lookup),
            web.get("/subjects/{subject}/versions", routes.versions),
            web.post("/subjects/{subject}/versions", routes.register),
            web.get("/subjects/{subject}/versions/{version}", routes.version),
            web.get("/schemas/types", routes.types),
            web.get(r"/schemas/ids/{id:\d+}", routes.schema),
            web.get(r"/schemas/ids/{id:\d+}/subjects", routes.users),
            web.get(r"/schemas/ids/{id:\d+}/versions", routes.users_with_version),
            web.get("/config", routes.config),
            web.put("/config", routes.set_config),
            web.get("/config/{subject}", routes.config),
            web.put("/config/{subject}", routes.set_config),
        ]
    )
    return application


@web.middleware
async def _answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except RegistryError as error:
        return _answer({"error_code": error.code, "message": str(error)}, status=error.code // 100)
    except web.HTTPException as error:
        return _answer({"error_code": error.status, "message": error.reason}, status=error.status)


def _ask_for(login: tuple[str, str] | None) -> Middleware:
    expected = basic_login(*login) if login else None

    @web.middleware
    async def ask(request: web.Request, handler: Handler) -> web.StreamResponse:
        if expected is not None and request.headers.get("Authorization") != expected:
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Basic"})
        return await handler(request)

    return ask


def _answer(body: Any, status: int = 200) -> web.Response:
    return web.Response(text=json.dumps(body), status=status, content_type=MEDIA_TYPE)


class _Routes:
    def __init__(self, content: RegistryContent) -> None:
        self.content = content

    async def root(self, _: web.Request) -> web.Response:
        return _answer({})

    async def subjects(self, request: web.Request) -> web.Response:
        prefix = request.query.get("subjectPrefix", "")
        return _answer([subject for subject in self.content.subjects if subject.startswith(prefix)])

    async def register(self, request: web.Request) -> web.Response:
        subject, schema = request.match_info["subject"], await _schema_in(request)
        return _answer({"id": self.content.register(subject, schema).id})

    async def lookup(self, request: web.Request) -> web.Response:
        subject, schema = request.match_info["subject"], await _schema_in(request)
        return _answer(self.content.lookup(subject, schema).to_json())

    async def versions(self, request: web.Request) -> web.Response:
        return _answer([one.version for one in self.content.versions(request.match_info["subject"])])

    async def version(self, request: web.Request) -> web.Response:
        subject, number = request.match_info["subject"], request.match_info["version"]
        return _answer(self.content.version(subject, number).to_json())

    async def types(self, _: web.Request) -> web.Response:
        return _answer(["AVRO"])

    async def schema(self, request: web.Request) -> web.Response:
        return _answer({"schema": self.content.schema(int(request.match_info["id"]))})

    async def users(self, request: web.Request) -> web.Response:
        return _answer([one.subject for one in self.content.users_of(int(request.match_info["id"]))])

    async def users_with_version(self, request: web.Request) -> web.Response:
        users = self.content.users_of(int(request.match_info["id"]))
        return _answer([{"subject": one.subject, "version": one.version} for one in users])

    async def config(self, request: web.Request) -> web.Response:
        subject = request.match_info.get("subject", "")
        level = self.content.compatibility.get(subject)
        if level is None and subject and request.query.get("defaultToGlobal") != "true":
            message = f"Subject '{subject}' does not have subject-level compatibility configured"
            raise RegistryError(SUBJECT_LEVEL_NOT_CONFIGURED, message)
        return _answer({"compatibilityLevel": level or self.content.compatibility.get("", "BACKWARD")})

    async def set_config(self, request: web.Request) -> web.Response:
        level = (await request.json())["compatibility"]
        self.content.compatibility[request.match_info.get("subject", "")] = level
        return _answer({"compatibility": level})


async def _schema_in(request: web.Request) -> str:
    schema: str = (await request.json())["schema"]
    return schema
