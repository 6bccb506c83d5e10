"""POST /alerts/<fingerprint>/…: a coordinator who is logged in acknowledges or silences the alert they look at.

The guard has decided by then that they may (`access/routes.py`).
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from aiohttp import web

from bewithu.board.access.guard import visitor
from bewithu.board.access.login import Login
from bewithu.board.access.refused import FormRefused
from bewithu.board.access.visitor import Visitor, decide
from bewithu.board.acting import AlertActions
from bewithu.board.alert_data import GOES_ON, AlertInfo
from bewithu.board.form import Form, days, field, one_line
from bewithu.board.same_site import came_from_elsewhere
from schemas.areas import areas

Act = Callable[[AlertActions, str, datetime, Form], bool]


@dataclass(frozen=True, slots=True)
class AlertForm:
    """`token`: what the form must hold; `since`: names the run. `acknowledges`: nobody looks after it yet."""

    token: str
    since: str
    acknowledges: bool


class ActOnAlert:
    """`actions`: None where nobody may act without a link. `on_change`: something that pages show was changed."""

    def __init__(self, actions: AlertActions | None, login: Login, on_change: Callable[[], None]) -> None:
        self._actions = actions
        self._login = login
        self._on_change = on_change

    def form(self, alert: AlertInfo, asking: Visitor) -> AlertForm | None:
        """None where there is nothing that they may do."""
        if self._actions is None or alert.state not in GOES_ON or alert.area not in areas():
            return None
        if not decide(asking, "act", alert.area).allowed:
            return None
        since = _moment(alert.since)
        return AlertForm(self._token(asking, alert.fingerprint, since), since, not alert.acknowledged_at)

    async def acknowledge(self, request: web.Request) -> web.Response:
        """`token`, `since`, and a `comment`, which may be empty."""

        def act(actions: AlertActions, name: str, since: datetime, form: Form) -> bool:
            comment = one_line(field(form, "comment"))
            return actions.acknowledge(request.match_info["fingerprint"], since, name, comment)

        return await self._act(request, act)

    async def silence(self, request: web.Request) -> web.Response:
        """`token`, `since`, `days`, and a `reason`, which may be empty."""

        def act(actions: AlertActions, name: str, since: datetime, form: Form) -> bool:
            length, reason = days(field(form, "days")), one_line(field(form, "reason"))
            return actions.silence(request.match_info["fingerprint"], since, name, length, reason)

        return await self._act(request, act)

    async def _act(self, request: web.Request, act: Act) -> web.Response:
        """Leads back to the alert's page, which shows what has come of it, also that it was over."""
        if self._actions is None:
            raise web.HTTPNotFound
        form, asking, fingerprint = await request.post(), visitor(), request.match_info["fingerprint"]
        given, since = field(form, "token"), field(form, "since")
        expected = self._token(asking, fingerprint, since)
        if came_from_elsewhere(request.headers, request.host) or not hmac.compare_digest(
            given.encode(), expected.encode()
        ):
            raise FormRefused
        # The moment is ours: the token covers it.
        if await asyncio.to_thread(act, self._actions, asking.name, datetime.fromisoformat(since), form):
            self._on_change()
        language = request.query.get("lang", "")
        back = request.rel_url.with_path(f"/alerts/{fingerprint}").with_query(
            {"lang": language} if language else {}
        )
        return web.Response(status=303, headers={"Location": str(back)})

    def _token(self, asking: Visitor, fingerprint: str, since: str) -> str:
        return self._login.form_token(asking, f"{fingerprint}\n{since}")


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
