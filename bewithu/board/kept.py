"""Pages that were rendered, for those who ask for the same: each state of each view is made once."""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Final

from aiohttp import ETag, web

from bewithu.board.access.guard import visitor
from bewithu.errors import Unavailable

#: A page is kept by the browser, and asked about each time; it depends on the reader's language.
PAGE_HEADERS: Final = {"Cache-Control": "no-cache", "Vary": "Accept-Language, Accept-Encoding"}
#: Rendered pages that are kept, about 150 kB each.
KEPT: Final = 24
#: Who asks for a file while so many wait already is told to come back.
MOST_WAITING: Final = 8


class KeptPages:
    """Renders each state of each view once, however many people look at it."""

    def __init__(self) -> None:
        self._run = secrets.token_hex(4)
        self._kept: OrderedDict[str, str | bytes] = OrderedDict()
        self._waiting = 0
        # One page at a time: a crowd must not take the processor and the store away from the worker.
        self._rendering = asyncio.Lock()

    async def answer(self, request: web.Request, seen: object, render: Callable[[], str]) -> web.Response:
        """The page; 304 while nothing has changed since the ETag that the request names.

        `seen`: all that the page depends on beside what its reader may see, the same whenever the page is. Whoever may
        see the same gets the same page, so nothing in it may be about the reader. `render` is called in a thread.
        """
        return await self._answer(request, seen, render, "text/html", {})

    async def answer_file(
        self, request: web.Request, seen: object, render: Callable[[], bytes], name: str
    ) -> web.Response:
        """The same for a PDF file of that name, which takes long to make. Raises `Unavailable` when too many wait."""
        if self._waiting >= MOST_WAITING:
            raise Unavailable("printing", f"{self._waiting} others wait for their files")
        self._waiting += 1
        try:
            headers = {"Content-Disposition": f'inline; filename="{name}"'}
            return await self._answer(request, seen, render, "application/pdf", headers)
        finally:
            self._waiting -= 1

    async def _answer(
        self,
        request: web.Request,
        seen: object,
        render: Callable[[], str | bytes],
        content_type: str,
        more: Mapping[str, str],
    ) -> web.Response:
        tag = sha256(repr((self._run, visitor().sight, seen)).encode()).hexdigest()[:24]
        headers = {**PAGE_HEADERS, **more}
        if any(each.value in {tag, "*"} for each in request.if_none_match or ()):
            response = web.Response(status=304, headers=headers)
        else:
            made = await self._made(tag, render)
            charset = "utf-8" if isinstance(made, str) else None
            body = made.encode() if isinstance(made, str) else made
            response = web.Response(body=body, content_type=content_type, charset=charset, headers=headers)
        response.etag = ETag(tag, is_weak=True)
        return response

    def forget(self) -> None:
        """Somebody changed what is shown: every view is rendered anew when it is asked for."""
        self._run = secrets.token_hex(4)

    async def _made(self, tag: str, render: Callable[[], str | bytes]) -> str | bytes:
        async with self._rendering:
            if tag not in self._kept:
                self._kept[tag] = await asyncio.to_thread(render)
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(tag)
            return self._kept[tag]
