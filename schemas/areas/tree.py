"""Walks up and down today's geography: country, region, province, arrondissement, municipality."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from types import MappingProxyType

from schemas.areas.load import areas, mergers
from schemas.areas.model import COUNTRY, Area, Level, UnknownArea


def area(code: str) -> Area:
    """The area with that code. Raises UnknownArea for any code that is none today."""
    found = areas().get(code)
    if found is None:
        raise UnknownArea(_why_unknown(code))
    return found


def ancestors(code: str) -> tuple[str, ...]:
    """The code itself, then each area around it, up to `BE`. Raises UnknownArea."""
    parent = area(code).parent
    return (code,) if parent is None else (code, *ancestors(parent))


def around(code: str) -> str:
    """The area that it lies in; the country lies in nothing but itself. Raises UnknownArea."""
    return area(code).parent or code


def children(code: str) -> tuple[str, ...]:
    """The codes directly below, in the order of `areas()`; none below a municipality. Raises UnknownArea."""
    return _children().get(area(code).code, ())


def areas_of_level(level: Level) -> tuple[Area, ...]:
    """All of today's areas of one level, by code."""
    return tuple(each for each in areas().values() if each.level is level)


@cache
def covering(level: Level) -> tuple[Area, ...]:
    """The areas of one level, and the smallest larger ones where there is none: Brussels for provinces.

    Together they are the whole country, none of it twice.
    """
    sizes = list(Level)
    fitting = (
        next(code for code in ancestors(each.code) if sizes.index(area(code).level) >= sizes.index(level))
        for each in areas_of_level(Level.MUNICIPALITY)
    )
    return tuple(map(area, sorted(set(fitting))))


def is_within(code: str, ancestor: str) -> bool:
    """Whether `code` is `ancestor` or lies in it. Raises UnknownArea for either."""
    return area(ancestor).code in ancestors(code)


@cache
def _children() -> Mapping[str, tuple[str, ...]]:
    below: dict[str, tuple[str, ...]] = {}
    for each in areas().values():
        if each.parent is not None:
            below[each.parent] = (*below.get(each.parent, ()), each.code)
    return MappingProxyType(below)


def _why_unknown(code: str) -> str:
    for merger in mergers():
        if merger.old_nis == code:
            successor = f"{merger.new_nis} ({merger.new_name_nl}) on {merger.effective_date}"
            ended = f"area code {code!r} ({merger.old_name_nl}) merged into {successor}"
            return f"{ended}; use municipalities()[{code!r}].current_nis"
    expected = f"area code {code!r} is unknown; expected a NIS code of today's geography or {COUNTRY!r}"
    nearest = _nearest(code)
    return f"{expected}; nearest: {', '.join(nearest)}" if nearest else expected


def _nearest(text: str) -> list[str]:
    """Up to three areas whose code or name (in any language) looks like the text, as `code (names)`."""
    codes_by_word: dict[str, str] = {}
    for each in areas().values():
        for word in (each.code, *each.names.values()):
            codes_by_word.setdefault(word.casefold(), each.code)
    words = get_close_matches(text.casefold(), codes_by_word, n=3, cutoff=0.7)
    codes = dict.fromkeys(codes_by_word[word] for word in words)
    return [f"{code} ({' / '.join(dict.fromkeys(area(code).names.values()))})" for code in codes]
