"""Whether the worker lives and can take work, and its metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Readiness:
    """`live`: a restart would not help; restart it when not. `ready`: it and what it needs can work.

    `reasons`: why not, in words for an operator; empty when both hold. `hopeless`: those for which it is not live, or
    all of them. `state`: what is worth knowing of a worker that is well, too.
    """

    live: bool
    ready: bool
    reasons: tuple[str, ...] = ()
    state: Mapping[str, object] = field(default_factory=dict)
    hopeless: tuple[str, ...] = ()


def live_handler(readiness: Callable[[], Readiness]) -> Handler:
    """GET /health/live: 200 while a restart would not help, else 503. `{"live": …, "reasons": […]}`"""

    async def live(_request: web.Request) -> web.Response:
        found = readiness()
        reasons = [] if found.live else list(found.hopeless or found.reasons)
        return web.json_response({"live": found.live, "reasons": reasons}, status=200 if found.live else 503)

    return live


def ready_handler(readiness: Callable[[], Readiness]) -> Handler:
    """GET /health/ready: 200 when work can be done, else 503. `{"ready": …, "reasons": […]}` and the state."""

    async def ready(_request: web.Request) -> web.Response:
        found = readiness()
        well = found.live and found.ready
        told = {"ready": well, "reasons": list(found.reasons), **found.state}
        return web.json_response(told, status=200 if well else 503)

    return ready


def metrics_handler(registry: CollectorRegistry) -> Handler:
    """GET /metrics, in Prometheus' text format."""

    async def metrics(_request: web.Request) -> web.Response:
        # In a thread: a long text must not hold up the loop.
        body = await asyncio.to_thread(generate_latest, registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    return metrics
