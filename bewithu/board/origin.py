"""How a figure came about: what was told of it from when on, why that changed, and whose events it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bewithu.board.agencies import agency_name
from bewithu.board.data import IndicatorInfo, Moved, Origin, Value
from bewithu.board.figures import Figure, figure
from bewithu.board.view import View
from bewithu.board.words import Words


@dataclass(frozen=True, slots=True)
class Told:
    """From a day on this was told; `why`: what had arrived since it was told otherwise."""

    known_on: str
    figure: Figure
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """An agency and its events: how many, and how many of them corrected."""

    name: str
    events: str
    corrected: str


@dataclass(frozen=True, slots=True)
class Part:
    """A figure, or one of the two that it is worked out from."""

    name: str
    told: tuple[Told, ...]
    sources: tuple[Source, ...]


def parts_of(
    origins: Sequence[Origin], infos: Mapping[str, IndicatorInfo], view: View, words: Words
) -> tuple[Part, ...]:
    return tuple(_part(origin, infos[origin.indicator], view, words) for origin in origins)


def _part(origin: Origin, info: IndicatorInfo, view: View, words: Words) -> Part:
    def written(value: float | None) -> Figure:
        told = Value(info.id, view.area.code, "", view.day, value, suppressed=value is None)
        return figure(told, info, words)

    return Part(
        name=words.named(info.names, info.id),
        told=tuple(
            Told(
                words.day(each.known_on),
                written(each.value),
                _why(each.moved_by, info, words)
                if number
                else (words.gettext("What was known at the end of the day itself"),),
            )
            for number, each in enumerate(origin.revisions)
        ),
        sources=tuple(
            Source(
                name=agency_name(each.agency, words),
                events=words.number(each.events),
                corrected=_count(each.corrected, info, words),
            )
            for each in origin.contributors
        ),
    )


def _why(moved: Sequence[Moved], info: IndicatorInfo, words: Words) -> tuple[str, ...]:
    if not moved:
        few = words.number(max(info.minimum_cell, 1))
        return (
            words.gettext("Fewer than %(minimum)s late events or corrections of any one agency", minimum=few),
        )
    return tuple(_reason(each, words) for each in moved)


def _reason(moved: Moved, words: Words) -> str:
    agency = agency_name(moved.agency, words)
    if moved.late and moved.corrected:
        return words.gettext("%(agency)s: late events and corrections", agency=agency)
    if moved.late:
        return words.gettext("%(agency)s: late events", agency=agency)
    return words.gettext("%(agency)s: corrections", agency=agency)


def _count(count: int | None, info: IndicatorInfo, words: Words) -> str:
    return words.fewer_than(info.minimum_cell) if count is None else words.number(count)
