"""GET /origin: how a figure came about. What was told of it from when on, and whose events it rests on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import hdrs, web

from bewithu.board.agencies import agency_name
from bewithu.board.data import BoardData, IndicatorInfo, Origin, Value
from bewithu.board.figures import Figure, figure
from bewithu.board.render import render_origin
from bewithu.board.view import View, read_view
from bewithu.board.words import Words, words


@dataclass(frozen=True, slots=True)
class Told:
    """From a day on this was told."""

    known_on: str
    figure: Figure


@dataclass(frozen=True, slots=True)
class Source:
    """An agency and its events: how many, how many of them corrected, and of which days."""

    name: str
    events: str
    corrected: str
    days: str


@dataclass(frozen=True, slots=True)
class Part:
    """A figure, or one of the two that it is worked out from."""

    name: str
    told: tuple[Told, ...]
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class OriginPage:
    view: View
    name: str
    explanation: str
    day: str
    figure: Figure
    parts: tuple[Part, ...]


class OriginPages:
    """Asked for by a person now and then: nothing is kept."""

    def __init__(self, data: BoardData) -> None:
        self._data = data

    async def handle(self, request: web.Request) -> web.Response:
        """The page in HTML. Parameters as those of `/`: lang, area, indicator, day."""
        accepted = request.headers.get(hdrs.ACCEPT_LANGUAGE, "")
        html = await asyncio.to_thread(self._render, request.query, accepted)
        headers = {"Cache-Control": "no-cache", "Vary": "Accept-Language, Accept-Encoding"}
        return web.Response(text=html, content_type="text/html", headers=headers)

    def _render(self, query: Mapping[str, str], accepted: str) -> str:
        infos = self._data.indicators()
        view = read_view(query, accepted, infos, self._data.latest_day())
        value = self._data.value(view.indicator.id, view.area.code, view.day)
        origins = self._data.origins(view.indicator.id, view.area.code, view.day)
        by_id = {info.id: info for info in infos}
        return render_origin(origin_page(view, value, origins, by_id, words(view.language)))


def origin_page(
    view: View, value: Value, origins: tuple[Origin, ...], infos: Mapping[str, IndicatorInfo], words: Words
) -> OriginPage:
    info = view.indicator
    return OriginPage(
        view=view,
        name=words.named(info.names, info.id),
        explanation=words.named(info.explanations, ""),
        day=words.day(view.day, "full"),
        figure=figure(value, info, words),
        parts=tuple(_part(origin, infos[origin.indicator], view, words) for origin in origins),
    )


def _part(origin: Origin, info: IndicatorInfo, view: View, words: Words) -> Part:
    def written(value: float | None) -> Figure:
        told = Value(info.id, view.area.code, "", view.day, value, suppressed=value is None)
        return figure(told, info, words)

    return Part(
        name=words.named(info.names, info.id),
        told=tuple(Told(words.day(each.known_on), written(each.value)) for each in origin.revisions),
        sources=tuple(
            Source(
                name=agency_name(each.agency, words),
                events=words.number(each.events),
                corrected=_count(each.corrected, info, words),
                days=f"{words.day(each.first_day, 'medium')} – {words.day(each.last_day, 'medium')}",
            )
            for each in origin.contributors
        ),
    )


def _count(count: int | None, info: IndicatorInfo, words: Words) -> str:
    return f"<\N{NO-BREAK SPACE}{words.number(info.minimum_cell)}" if count is None else words.number(count)
