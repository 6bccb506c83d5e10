"""GET /indicators/<id> : all that is told of one indicator, as a page and as a CSV file."""

from __future__ import annotations

import asyncio

from aiohttp import hdrs, web

from bewithu.board.asked import Asked, read_asked
from bewithu.board.csv_file import csv_file
from bewithu.board.data import BoardData
from bewithu.board.indicator_page import build_indicator_page, read_shown
from bewithu.board.kept import PAGE_HEADERS, KeptPages
from bewithu.board.render import render_indicator
from bewithu.clock import Clock


class IndicatorPages:
    """Parameters of all: lang, area, day."""

    def __init__(self, data: BoardData, clock: Clock, kept: KeptPages) -> None:
        self._data = data
        self._clock = clock
        self._kept = kept

    async def handle(self, request: web.Request) -> web.Response:
        """The page in HTML."""
        asked = await self._asked(request, request.match_info["id"])
        return await self._kept.answer(request, ("indicator", asked.seen), lambda: self._render(asked))

    async def table(self, request: web.Request) -> web.Response:
        """GET /indicators/<id>.csv: what the page shows, number by number."""
        asked = await self._asked(request, request.match_info["id"])
        text = await asyncio.to_thread(lambda: csv_file(asked, read_shown(self._data, asked)))
        view = asked.view
        name = f"{view.indicator.id}-{view.area.code}-{view.day.isoformat()}.csv"
        headers = PAGE_HEADERS | {"Content-Disposition": f'attachment; filename="{name}"'}
        return web.Response(text=text, content_type="text/csv", charset="utf-8", headers=headers)

    async def origin(self, request: web.Request) -> web.Response:
        """GET /origin: where it was told how a figure came about, before that was a part of this page."""
        asked = await self._asked(request, request.query.get("indicator"))
        return web.Response(status=302, headers={"Location": f"{asked.view.indicator_address()}#origin"})

    async def _asked(self, request: web.Request, indicator: str | None) -> Asked:
        accepted = request.headers.get(hdrs.ACCEPT_LANGUAGE, "")
        return await asyncio.to_thread(
            read_asked, self._data, self._clock, request.query, accepted, indicator
        )

    def _render(self, asked: Asked) -> str:
        return render_indicator(build_indicator_page(self._data, asked))
