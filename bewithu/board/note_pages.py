"""GET /note : the monthly note of an area. GET /note.pdf : the same to print and to send."""

from __future__ import annotations

import asyncio

from aiohttp import hdrs, web

from bewithu.board.data import BoardData
from bewithu.board.kept import KeptPages
from bewithu.board.note import build_note
from bewithu.board.note_asked import NoteAsked, read_note_asked
from bewithu.board.note_pdf import pdf_of
from bewithu.board.render import render_note, render_note_alone
from bewithu.clock import Clock


class NotePages:
    """Parameters of both: lang, area, month (YYYY-MM, the last complete one otherwise), as_of."""

    def __init__(self, data: BoardData, clock: Clock) -> None:
        self._data = data
        self._clock = clock
        # Kept apart: a note takes longer than any other page, and nobody else is to wait for it.
        self._kept = KeptPages()

    async def handle(self, request: web.Request) -> web.Response:
        """The note in HTML."""
        asked = await self._asked(request)
        return await self._kept.answer(
            request, asked.seen, lambda: render_note(build_note(self._data, asked))
        )

    async def pdf(self, request: web.Request) -> web.Response:
        """The note in PDF; 501 where this installation cannot make it."""
        asked = await self._asked(request)
        name = f"bewithu-{asked.asked.view.area.code}-{asked.month}-{asked.asked.view.language}.pdf"
        return await self._kept.answer_file(request, ("pdf", asked.seen), lambda: self._pdf(asked), name)

    def _pdf(self, asked: NoteAsked) -> bytes:
        return pdf_of(render_note_alone(build_note(self._data, asked)))

    async def _asked(self, request: web.Request) -> NoteAsked:
        accepted = request.headers.get(hdrs.ACCEPT_LANGUAGE, "")
        return await asyncio.to_thread(read_note_asked, self._data, self._clock, request.query, accepted)
