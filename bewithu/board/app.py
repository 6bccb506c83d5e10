"""The worker's web application: board, API, metrics and health."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web
from prometheus_client import CollectorRegistry

from bewithu.board.act_pages import ActPages
from bewithu.board.acting import LinkActions
from bewithu.board.api import Api
from bewithu.board.assets import serve_asset
from bewithu.board.data import BoardData
from bewithu.board.health import Readiness, live_handler, metrics_handler, ready_handler
from bewithu.board.pages import BoardPages, OriginPages
from bewithu.board.responses import LINKS, add_security_headers, answer_errors, compress
from bewithu.clock import Clock

#: How often an open board asks for news.
POLL_SECONDS = 2.0


def make_app(
    data: BoardData,
    clock: Clock,
    ready: Callable[[], Readiness],
    metrics: CollectorRegistry,
    *,
    poll_seconds: float = POLL_SECONDS,
    actions: LinkActions | None = None,
) -> web.Application:
    """Everything that the worker serves over HTTP. It reads, and writes only what links in mails were signed for.

    `ready` is asked at every health check, on the event loop, so it must answer from memory. `actions`: None where
    mails have no links.
    """
    pages = BoardPages(data, clock, poll_seconds)
    api = Api(data, clock)
    acting = ActPages(actions, data, clock, pages.forget)
    app = web.Application(middlewares=[compress, answer_errors])
    app.on_response_prepare.append(add_security_headers)
    app.add_routes(
        [
            web.get("/", pages.handle),
            web.get("/origin", OriginPages(data).handle),
            web.get(LINKS, acting.ask),
            web.post(LINKS, acting.act),
            web.get("/static/{name}", serve_asset),
            web.get("/api/v1/status", api.status),
            web.get("/api/v1/indicators", api.indicators),
            web.get("/api/v1/indicators/{id}", api.indicator),
            web.get("/api/v1/indicators/{id}/origin", api.origin),
            web.get("/api/v1/alerts", api.alerts),
            web.get("/api/v1/quarantine", api.quarantine),
            web.get("/metrics", metrics_handler(metrics)),
            web.get("/health/live", live_handler(ready)),
            web.get("/health/ready", ready_handler(ready)),
        ]
    )
    return app
