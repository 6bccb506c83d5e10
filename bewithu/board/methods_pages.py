"""GET /methods : every indicator and how it is counted."""

from __future__ import annotations

import asyncio

from aiohttp import hdrs, web

from bewithu.board.asked import Asked, read_asked
from bewithu.board.data import BoardData
from bewithu.board.kept import KeptPages
from bewithu.board.methods_page import build_methods_page
from bewithu.board.render import render_methods
from bewithu.clock import Clock


class MethodsPages:
    """Parameters: lang, and area, which goes along to the indicators' pages."""

    def __init__(self, data: BoardData, clock: Clock, kept: KeptPages) -> None:
        self._data = data
        self._clock = clock
        self._kept = kept

    async def handle(self, request: web.Request) -> web.Response:
        """The page in HTML; the definitions are the same for as long as the worker runs."""
        accepted = request.headers.get(hdrs.ACCEPT_LANGUAGE, "")
        asked = await asyncio.to_thread(read_asked, self._data, self._clock, request.query, accepted)
        view = asked.view
        seen = ("methods", view.language, view.area.code, sorted(view.chosen))
        return await self._kept.answer(request, seen, lambda: self._render(asked))

    def _render(self, asked: Asked) -> str:
        return render_methods(build_methods_page(self._data, asked))
