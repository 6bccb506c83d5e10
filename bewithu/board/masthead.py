"""The head of every page: the way home, the parts of the board, and the same page in the other languages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from bewithu.board.view import View
from bewithu.board.words import OWN_NAMES, mark, words
from schemas.areas import LANGUAGES, Language

#: The parts of the board, in this order; `""` is a page that belongs to none of them.
Part = Literal["start", "alerts", "methods", ""]

_PARTS: Final[Mapping[Part, str]] = MappingProxyType(
    {"start": mark("Overview"), "alerts": mark("Alerts"), "methods": mark("Indicators")}
)


@dataclass(frozen=True, slots=True)
class Link:
    """`here`: it leads to the part that the reader is in."""

    name: str
    address: str
    here: bool


@dataclass(frozen=True, slots=True)
class Masthead:
    """`languages`: code, own name and address of each."""

    language: Language
    languages: tuple[tuple[Language, str, str], ...]
    home: str
    parts: tuple[Link, ...]


def masthead(view: View, here: Part, address_in: Callable[[Language], str]) -> Masthead:
    """`address_in`: this very page in a language. The area and the language go along to the other parts."""
    addresses: Mapping[Part, str] = {
        "start": view.address(),
        "alerts": view.alerts_address(),
        "methods": view.methods_address(),
    }
    return _masthead(view.language, here, addresses, address_in)


def plain_masthead(language: Language, address_in: Callable[[Language], str]) -> Masthead:
    """Of a page that is about no area: an error, or where a link in a mail leads."""
    addresses: Mapping[Part, str] = {
        "start": f"/?lang={language}",
        "alerts": f"/alerts?lang={language}",
        "methods": f"/methods?lang={language}",
    }
    return _masthead(language, "", addresses, address_in)


def _masthead(
    language: Language, here: Part, addresses: Mapping[Part, str], address_in: Callable[[Language], str]
) -> Masthead:
    spoken = words(language)
    return Masthead(
        language=language,
        languages=tuple((each, OWN_NAMES[each], address_in(each)) for each in LANGUAGES),
        home=addresses["start"],
        parts=tuple(
            Link(spoken.gettext(name), addresses[part], part == here) for part, name in _PARTS.items()
        ),
    )
