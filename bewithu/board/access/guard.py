"""The one place where requests are let through or refused."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Final

from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware

from bewithu.board.access.login import Login
from bewithu.board.access.refused import LoginNeeded, NotAllowed
from bewithu.board.access.routes import Rule, rule_of
from bewithu.board.access.visitor import NOBODY, Visitor, decide, sees_alert
from bewithu.board.data import BoardData
from bewithu.board.problems import RequestProblem
from bewithu.board.view import read_area
from schemas.areas import COUNTRY

logger = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# Threads that are asked for an answer inherit it (asyncio.to_thread). Outside a request nobody asks, who sees nothing.
_VISITOR: Final[ContextVar[Visitor]] = ContextVar("visitor", default=NOBODY)


def visitor() -> Visitor:
    """Who the request is from that is being answered."""
    return _VISITOR.get()


def make_guard(login: Login, data: BoardData) -> Middleware:
    """`data`: unveiled; it is asked only for the area of an alert that somebody would act on."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        resource = request.match_info.route.resource
        if resource is None:
            return await handler(request)  # there is no such address, which says so
        rule = rule_of(request.method, resource.canonical)
        if rule.what is None:
            return await _as(NOBODY, request, handler)
        asking = _who(login, request)
        area = await _area(rule, request, asking, data)
        decision = decide(asking, rule.what, area)
        if not decision.allowed:
            if login.asks:
                logger.info(
                    "%r may not %s %s: %s", asking.name, request.method, request.path, decision.reason
                )
            raise NotAllowed(decision, asked=login.asks)
        response = await _as(asking, request, handler)
        _keep_private(response, login)
        return response

    return guard


async def _as(asking: Visitor, request: web.Request, handler: Handler) -> web.StreamResponse:
    # Reset, as one task answers all requests of a connection.
    token = _VISITOR.set(asking)
    try:
        return await handler(request)
    finally:
        _VISITOR.reset(token)


def _who(login: Login, request: web.Request) -> Visitor:
    try:
        return login.who(request)
    except LoginNeeded as refused:
        logger.warning("%s %s without a login: %s", request.method, request.path, refused.why)
        raise


async def _area(rule: Rule, request: web.Request, asking: Visitor, data: BoardData) -> str:
    if rule.of == "area":
        return read_area(request.query.get("area")).code
    if rule.of == "alert":
        fingerprint = request.match_info["fingerprint"]
        story = await asyncio.to_thread(data.alert, fingerprint)
        # What is not theirs to see is as if it were not there.
        if story is None or not sees_alert(asking, story.alert.area):
            raise RequestProblem(404, "alert", fingerprint, "an alert that there is")
        return story.alert.area
    return COUNTRY


def _keep_private(response: web.StreamResponse, login: Login) -> None:
    """No cache between may give one visitor's answer to another."""
    if not login.asks:
        return
    if "no-store" not in response.headers.get(hdrs.CACHE_CONTROL, ""):
        response.headers[hdrs.CACHE_CONTROL] = "private, no-cache"
    told = filter(None, map(str.strip, response.headers.get(hdrs.VARY, "").split(",")))
    response.headers[hdrs.VARY] = ", ".join([*told, *login.varies])
