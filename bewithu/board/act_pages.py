"""/act : where links in mails lead. GET asks, POST does it, so that what follows links in mails changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import hdrs, web

from bewithu.board.act_page import ActPage, NoAnswer, declined_page, offer_page
from bewithu.board.acting import Declined, LinkActions, Offer
from bewithu.board.data import BoardData
from bewithu.board.form import Form, days, field, one_line
from bewithu.board.render import render_act
from bewithu.board.same_site import came_from_elsewhere
from bewithu.board.view import read_language
from bewithu.board.words import words
from bewithu.clock import Clock
from schemas.areas import Language


class ActPages:
    """`actions` is None where no key is set: then there are no links, and none is answered."""

    def __init__(
        self, actions: LinkActions | None, data: BoardData, clock: Clock, on_change: Callable[[], None]
    ) -> None:
        self._actions = actions
        self._data = data
        self._clock = clock
        self._on_change = on_change

    async def ask(self, request: web.Request) -> web.Response:
        """GET and HEAD: what the link would do, and a button. `token`, `lang`; what mail programs add is ignored."""
        language, token = _language(request), request.query.get("token", "")
        if self._actions is None:
            return _declined("off", token, language)
        found = await asyncio.to_thread(self._actions.offer, token)
        return await asyncio.to_thread(self._answer, found, token, language)

    async def act(self, request: web.Request) -> web.Response:
        """POST of that page's form: `token`, and for a silence `days` and a `reason`, which may be empty."""
        language = _language(request)
        form = await request.post()
        token = field(form, "token")
        if self._actions is None:
            return _declined("off", token, language)
        if came_from_elsewhere(request.headers, request.host):
            return _declined("elsewhere", token, language)
        found = await asyncio.to_thread(self._do, self._actions, token, form)
        if isinstance(found, Offer) and found.done and not found.done.before:
            self._on_change()
        return await asyncio.to_thread(self._answer, found, token, language)

    def _do(self, actions: LinkActions, token: str, form: Form) -> Offer | Declined:
        offer = actions.offer(token)
        if isinstance(offer, Declined):
            return offer
        if offer.verb == "acknowledge":
            return actions.acknowledge(token)
        return actions.silence(token, days(field(form, "days")), one_line(field(form, "reason")))

    def _answer(self, found: Offer | Declined, token: str, language: Language) -> web.Response:
        if isinstance(found, Declined):
            return _declined(found.why, token, language)
        infos = {info.id: info for info in self._data.indicators()}
        return _response(offer_page(found, token, infos, self._clock.now(), words(language)))


def _declined(why: NoAnswer, token: str, language: Language) -> web.Response:
    return _response(declined_page(why, token, words(language)))


def _response(page: ActPage) -> web.Response:
    return web.Response(text=render_act(page), status=page.status, content_type="text/html")


def _language(request: web.Request) -> Language:
    return read_language(request.query.get("lang"), request.headers.get(hdrs.ACCEPT_LANGUAGE, ""))
