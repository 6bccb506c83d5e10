"""GET /alerts : which alerts there are. GET /alerts/<fingerprint> : the story of one, where links in mails lead."""

from __future__ import annotations

import asyncio

from aiohttp import hdrs, web

from bewithu.board.access.guard import visitor
from bewithu.board.act_on_alert import ActOnAlert
from bewithu.board.alert_data import AlertStory
from bewithu.board.alert_list import build_alert_list, read_filter
from bewithu.board.alert_page import build_alert_page
from bewithu.board.asked import Asked, read_asked
from bewithu.board.data import BoardData
from bewithu.board.kept import KeptPages
from bewithu.board.problems import RequestProblem
from bewithu.board.render import render_alert, render_alerts
from bewithu.clock import Clock


class AlertPages:
    def __init__(self, data: BoardData, clock: Clock, kept: KeptPages, acting: ActOnAlert) -> None:
        self._data = data
        self._clock = clock
        self._kept = kept
        self._acting = acting

    async def list(self, request: web.Request) -> web.Response:
        """The list in HTML. Parameters: lang, area (and all within it), state, severity."""
        asked = await self._asked(request)
        chosen = read_filter(request.query)
        return await self._kept.answer(
            request,
            ("alerts", chosen, asked.seen),
            lambda: render_alerts(build_alert_list(self._data, asked, chosen)),
        )

    async def one(self, request: web.Request) -> web.Response:
        """The story in HTML. Parameters: lang."""
        asked = await self._asked(request)
        fingerprint = request.match_info["fingerprint"]
        # Before the page is asked for: what is not there is no page that could be kept.
        story = await asyncio.to_thread(self._story, fingerprint)
        form = self._acting.form(story.alert, visitor())
        return await self._kept.answer(
            request,
            # With a form the page is its reader's alone.
            ("alert", story, form, asked.seen),
            lambda: render_alert(build_alert_page(self._data, asked, story), form),
        )

    def _story(self, fingerprint: str) -> AlertStory:
        story = self._data.alert(fingerprint)
        if story is None:
            raise RequestProblem(
                404, "alert", fingerprint, "an alert that there was, of a rule that there still is"
            )
        return story

    async def _asked(self, request: web.Request) -> Asked:
        accepted = request.headers.get(hdrs.ACCEPT_LANGUAGE, "")
        return await asyncio.to_thread(read_asked, self._data, self._clock, request.query, accepted)
