"""The worker's web application: board, API, metrics and health."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from aiohttp import web
from prometheus_client import CollectorRegistry

from bewithu.board.access.guard import make_guard
from bewithu.board.access.login import Login, OpenLogin
from bewithu.board.access.veil import VeiledData
from bewithu.board.act_on_alert import ActOnAlert
from bewithu.board.act_pages import ActPages
from bewithu.board.acting import AlertActions, LinkActions
from bewithu.board.alert_pages import AlertPages
from bewithu.board.api import Api
from bewithu.board.assets import serve_asset
from bewithu.board.data import BoardData
from bewithu.board.health import Readiness, live_handler, metrics_handler, ready_handler
from bewithu.board.indicator_pages import IndicatorPages
from bewithu.board.kept import KeptPages
from bewithu.board.methods_pages import MethodsPages
from bewithu.board.note_pages import NotePages
from bewithu.board.pages import BoardPages
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
    login: Login = OpenLogin(),  # noqa: B008 - it has no state
    alert_actions: AlertActions | None = None,
) -> web.Application:
    """Everything that the worker serves over HTTP. It reads, and writes only what links in mails were signed for and
    what coordinators who are logged in do about alerts.

    `ready` is asked at every health check, on the event loop, so it must answer from memory. `actions`: None where
    mails have no links. `login`: who asks; what they may see is decided by `access/`, not by the handlers.
    `alert_actions`: None where nobody may act on alerts without a link.
    """
    kept = KeptPages()
    app = web.Application(middlewares=[compress, answer_errors, make_guard(login, data)])
    data = VeiledData(data, asks=login.asks)
    acting = ActOnAlert(alert_actions if login.asks else None, login, kept.forget)
    app.on_response_prepare.append(add_security_headers)
    app.add_routes(
        [
            *_pages(data, clock, kept, poll_seconds, acting),
            *_links(ActPages(actions, data, clock, kept.forget)),
            *_api(Api(data, clock)),
            web.get("/static/{name}", serve_asset),
            web.get("/metrics", metrics_handler(metrics)),
            web.get("/health/live", live_handler(ready)),
            web.get("/health/ready", ready_handler(ready)),
        ]
    )
    return app


def _pages(
    data: BoardData, clock: Clock, kept: KeptPages, poll_seconds: float, acting: ActOnAlert
) -> Iterator[web.RouteDef]:
    """What people read."""
    indicators = IndicatorPages(data, clock, kept)
    alerts = AlertPages(data, clock, kept, acting)
    yield web.get("/", BoardPages(data, clock, kept, poll_seconds).handle)
    # Before the page, whose id would match it, too.
    yield web.get("/indicators/{id}.csv", indicators.table)
    yield web.get("/indicators/{id}", indicators.handle)
    yield web.get("/origin", indicators.origin)
    yield web.get("/alerts", alerts.list)
    yield web.get("/alerts/{fingerprint}", alerts.one)
    yield web.post("/alerts/{fingerprint}/acknowledge", acting.acknowledge)
    yield web.post("/alerts/{fingerprint}/silence", acting.silence)
    notes = NotePages(data, clock)
    yield web.get("/note", notes.handle)
    yield web.get("/note.pdf", notes.pdf)
    yield web.get("/methods", MethodsPages(data, clock, kept).handle)


def _links(acting: ActPages) -> Iterator[web.RouteDef]:
    """Where links in mails lead that do something."""
    yield web.get(LINKS, acting.ask)
    yield web.post(LINKS, acting.act)


def _api(api: Api) -> Iterator[web.RouteDef]:
    """What programs read."""
    yield web.get("/api/v1/status", api.status)
    yield web.get("/api/v1/indicators", api.indicators)
    yield web.get("/api/v1/indicators/{id}", api.indicator)
    yield web.get("/api/v1/indicators/{id}/origin", api.origin)
    yield web.get("/api/v1/alerts", api.alerts)
    yield web.get("/api/v1/quarantine", api.quarantine)
