"""How a figure came about: what was told of it from when on, and whose events it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bewithu.board.agencies import agency_name
from bewithu.board.data import IndicatorInfo, Origin, Value
from bewithu.board.figures import Figure, figure
from bewithu.board.view import View
from bewithu.board.words import Words


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
    return words.fewer_than(info.minimum_cell) if count is None else words.number(count)
