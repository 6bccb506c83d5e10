"""What an area is: five levels of today's geography, and municipality codes with their validity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final, Literal, get_args

from bewithu.errors import BewithuError

Language = Literal["nl", "fr", "de", "en"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)

COUNTRY: Final = "BE"


class Level(StrEnum):
    """The levels at which indicators are kept, smallest first."""

    MUNICIPALITY = "municipality"
    ARRONDISSEMENT = "arrondissement"
    PROVINCE = "province"
    REGION = "region"
    COUNTRY = "country"


class UnknownArea(BewithuError, KeyError):
    """A code that is no area of today's geography; the message names the nearest codes or the successor."""

    def __str__(self) -> str:
        # KeyError would show the repr of the message, quotes and escapes included
        return str(self.args[0])


@dataclass(frozen=True, slots=True)
class Area:
    """An area of today's geography.

    `code`: NIS code (REFNIS, five digits), or `BE`. `names`: all four languages, never empty; NOTICE.md says
    which are unofficial. `population`: inhabitants on 1 January 2020 (Statbel), summed over mergers.
    `latitude`, `longitude`: WGS 84 degrees of a point inside a municipality; None for larger areas.
    """

    code: str
    level: Level
    parent: str | None
    names: Mapping[str, str] = field(hash=False)
    population: int
    latitude: float | None
    longitude: float | None

    def name(self, language: Language) -> str:
        """The name in that language, or the local name where it has no other."""
        return self.names[language]


@dataclass(frozen=True, slots=True)
class Municipality:
    """A municipality code that is or was valid at some time since 2019.

    `valid_from` is 2019-01-01 for a code that is at least as old. `valid_to` is its last day (inclusive),
    None while it is valid. Arrondissement, province (None in Brussels) and region are those of the code
    itself: a merged municipality keeps the ones that it had. `current_nis` is its territory's code today.
    """

    nis: str
    valid_from: date
    valid_to: date | None
    current_nis: str
    arrondissement: str
    province: str | None
    region: str

    def valid_on(self, day: date) -> bool:
        """Whether the code was in use on that day; false for every day before 2019."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Merger:
    """One municipality's part in a merger. A kept code has a row from itself to itself."""

    old_nis: str
    old_name_nl: str
    new_nis: str
    new_name_nl: str
    effective_date: date
