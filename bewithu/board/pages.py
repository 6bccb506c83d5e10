"""GET / : the start page of an area, whole for a browser and as a fragment for its script."""

from __future__ import annotations

import asyncio

from aiohttp import hdrs, web

from bewithu.board.asked import Asked, read_asked
from bewithu.board.data import BoardData
from bewithu.board.kept import KeptPages
from bewithu.board.page import build_page
from bewithu.board.render import render_page
from bewithu.clock import Clock


class BoardPages:
    """`poll_seconds`: how often an open page asks for news."""

    def __init__(self, data: BoardData, clock: Clock, kept: KeptPages, poll_seconds: float) -> None:
        self._data = data
        self._clock = clock
        self._kept = kept
        self._poll_milliseconds = round(poll_seconds * 1000)

    async def handle(self, request: web.Request) -> web.Response:
        """The page in HTML.

        `lang`: nl, fr, de or en; the browser's language otherwise. `area`: NIS code or BE. `map`: the indicator on the
        map. `day`: YYYY-MM-DD, the newest otherwise. `fragment=1`: only what changes. With `indicator`, as in mails
        and bookmarks from before indicators had pages, it leads on to the page of that one.
        Answers 304 while nothing has changed since the ETag that the request names.
        """
        named = request.query.get("indicator")
        asked = await asyncio.to_thread(
            read_asked,
            self._data,
            self._clock,
            request.query,
            request.headers.get(hdrs.ACCEPT_LANGUAGE, ""),
            named,
        )
        if named:
            return web.Response(status=302, headers={"Location": asked.view.indicator_address()})
        fragment = request.query.get("fragment") == "1"
        return await self._kept.answer(
            request, ("start", fragment, asked.seen), lambda: self._render(asked, fragment)
        )

    def _render(self, asked: Asked, fragment: bool) -> str:
        return render_page(
            build_page(self._data, asked), asked, fragment=fragment, poll_milliseconds=self._poll_milliseconds
        )
