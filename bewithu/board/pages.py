"""GET / : the board itself, whole for a browser and as a fragment for its script. GET /origin : behind a figure."""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from aiohttp import ETag, hdrs, web

from bewithu.board.data import BoardData, IndicatorInfo, Status
from bewithu.board.origin import origin_page
from bewithu.board.page import build_page
from bewithu.board.render import render_origin, render_page
from bewithu.board.view import View, read_view
from bewithu.board.words import words
from bewithu.clock import Clock

_HEADERS = {"Cache-Control": "no-cache", "Vary": "Accept-Language, Accept-Encoding"}
#: Rendered pages that are kept, about 150 kB each.
KEPT = 24


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request with what it takes to answer it."""

    view: View
    infos: tuple[IndicatorInfo, ...]
    latest: date
    status: Status
    now: datetime
    fragment: bool


class BoardPages:
    """Renders each state of each view once, however many people look at it."""

    def __init__(self, data: BoardData, clock: Clock, poll_seconds: float) -> None:
        self._data = data
        self._clock = clock
        self._poll_milliseconds = round(poll_seconds * 1000)
        self._run = secrets.token_hex(4)
        self._kept: OrderedDict[str, str] = OrderedDict()
        # One page at a time: a crowd must not take the processor and the store away from the worker.
        self._rendering = asyncio.Lock()

    async def handle(self, request: web.Request) -> web.Response:
        """The page in HTML.

        `lang`: nl, fr, de or en; the browser's language otherwise. `area`: NIS code or BE. `indicator`: the one that
        is mapped and broken down. `day`: YYYY-MM-DD, the newest otherwise. `fragment=1`: only what changes.
        Answers 304 while nothing has changed since the ETag that the request names.
        """
        asked = await asyncio.to_thread(
            self._read, request.query, request.headers.get(hdrs.ACCEPT_LANGUAGE, "")
        )
        tag = self._tag(asked)
        headers = dict(_HEADERS)
        if any(each.value in {tag, "*"} for each in request.if_none_match or ()):
            response = web.Response(status=304, headers=headers)
        else:
            html = await self._html(tag, asked)
            response = web.Response(text=html, content_type="text/html", headers=headers)
        response.etag = ETag(tag, is_weak=True)
        return response

    def forget(self) -> None:
        """Somebody changed what is shown: every view is rendered anew when it is asked for."""
        self._run = secrets.token_hex(4)

    async def _html(self, tag: str, asked: _Asked) -> str:
        async with self._rendering:
            if tag not in self._kept:
                self._kept[tag] = await asyncio.to_thread(self._render, asked)
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(tag)
            return self._kept[tag]

    def _read(self, query: Mapping[str, str], accept_language: str) -> _Asked:
        infos: Sequence[IndicatorInfo] = self._data.indicators()
        latest = self._data.latest_day()
        view = read_view(query, accept_language, infos, latest)
        fragment = query.get("fragment") == "1"
        return _Asked(view, tuple(infos), latest, self._data.status(), self._clock.now(), fragment)

    def _render(self, asked: _Asked) -> str:
        view = asked.view
        page = build_page(self._data, view, asked.infos, asked.status, asked.now, words(view.language))
        return render_page(
            page,
            asked.infos,
            asked.latest,
            fragment=asked.fragment,
            poll_milliseconds=self._poll_milliseconds,
        )

    def _tag(self, asked: _Asked) -> str:
        """Changes with the view and what it shows; and with the minute, as ages and silence grow by themselves."""
        view, status = asked.view, asked.status
        seen = (
            self._run,
            asked.fragment,
            *(view.language, view.area.code, view.indicator.id, view.day, sorted(view.chosen), asked.latest),
            *(
                status.published,
                status.accepted,
                status.quarantined,
                status.duplicates,
                status.last_refresh_at,
            ),
            int(asked.now.timestamp() // 60),
        )
        return sha256(repr(seen).encode()).hexdigest()[:24]


class OriginPages:
    """How a figure came about. Asked for by a person now and then: nothing is kept."""

    def __init__(self, data: BoardData) -> None:
        self._data = data

    async def handle(self, request: web.Request) -> web.Response:
        """The page in HTML. Parameters as those of `/`: lang, area, indicator, day."""
        accepted = request.headers.get(hdrs.ACCEPT_LANGUAGE, "")
        html = await asyncio.to_thread(self._render, request.query, accepted)
        return web.Response(text=html, content_type="text/html", headers=_HEADERS)

    def _render(self, query: Mapping[str, str], accepted: str) -> str:
        infos = self._data.indicators()
        view = read_view(query, accepted, infos, self._data.latest_day())
        value = self._data.value(view.indicator.id, view.area.code, view.day)
        origins = self._data.origins(view.indicator.id, view.area.code, view.day)
        by_id = {info.id: info for info in infos}
        return render_origin(origin_page(view, value, origins, by_id, words(view.language)))
