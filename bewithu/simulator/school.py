"""School: children enrol some weeks after their registration, change with the years, leave with the family.

Calibrated on the pupils of February 2023 (ministries of education): 7,766 in Flanders, 2,686 in Wallonia,
2,138 in Brussels; a quarter in pre-primary, nearly half in primary school; 16 of Wallonia's in special schools.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from random import Random

from bewithu.simulator.acts import SCHOOL, Act
from bewithu.simulator.chance import lag
from bewithu.simulator.competence import MINISTRIES, community
from bewithu.simulator.moments import at_office, date_of, day_number
from bewithu.simulator.people import Person
from bewithu.simulator.plan import LATEST
from bewithu.simulator.stays import Span, municipality_at

#: Share of those registered who ever enrol, by level. Compulsory from 5 to 18; many of the eldest followed their
#: Ukrainian school from a distance. Ours, so that the pupils' number comes out.
_ENROLS = {"pre_primary": 0.78, "primary": 0.90, "secondary": 0.65}
_SPECIAL = 16 / 2_686
_PRE_PRIMARY_FROM = 2.5 * 365.25
#: Compulsory from day 60 after the registration as a resident.
_DAYS_TO_ENROL = 28
#: Share of newcomers who begin in a reception class. Ours: the Flemish Community has them in secondary schools.
_RECEPTION_CLASS = {
    ("flemish", "primary"): 0.1,
    ("flemish", "secondary"): 0.8,
    ("french", "primary"): 0.35,
    ("french", "secondary"): 0.45,
    ("german", "primary"): 0.5,
    ("german", "secondary"): 0.5,
}
_DAYS_IN_RECEPTION_CLASS = 200
_HOME_SCHOOLING = 0.02
_OTHER_SCHOOL_AFTER_MOVE = 0.6


@dataclass(frozen=True, slots=True)
class Place:
    """A pupil's place from `since` on."""

    since: float
    level: str
    community: str
    programme: str


def schooling(random: Random, person: Person, lived: Sequence[Span]) -> list[Act]:
    """A child's way through school, as long as it stays (at least one stay); nothing for others."""
    first, gone = lived[0].since, lived[-1].until
    earliest = max(first + lag(random, _DAYS_TO_ENROL, 0.7), person.born + _PRE_PRIMARY_FROM)
    start = at_office(random, _out_of_holidays(earliest), 0)
    level = _level(person, start)
    if level is None or person.is_adult(start) or start >= gone or random.random() >= _ENROLS[level]:
        return []
    place = _entered(random, start, level, municipality_at(lived, start))
    acts = [_told(start, "enrolled", place, lived)]
    for moment, moved in _turns(lived, start):
        level, following = _level(person, moment), None
        if level is not None:
            following = _moved(random, place, moment, lived) if moved else _promoted(place, moment, level)
        if following is None:
            acts.append(_told(moment, "left", place, lived))
            return acts
        if following.community != place.community:
            acts.append(_told(moment, "left", place, lived))
            acts.append(_told(moment + 0.01, "enrolled", following, lived))
        elif following != place:
            acts.append(_told(moment, "changed", following, lived))
        place = following
    return [*acts, _told(gone, "left", place, lived)]


def _turns(lived: Sequence[Span], start: float) -> list[tuple[float, bool]]:
    """When a place may change: on each first day of school, and with each move (True) to another municipality."""
    gone = lived[-1].until
    moves = [(stay.since + 0.02, True) for stay in lived[1:]]
    turns = [*((float(day), False) for day in _first_days()), *moves]
    return sorted(turn for turn in turns if start + 1 < turn[0] < gone - 0.02)


def _entered(random: Random, moment: float, level: str, nis: str) -> Place:
    at = community(random, nis)
    if random.random() < _SPECIAL:
        return Place(moment, "special", at, "regular")
    if level == "pre_primary":
        return Place(moment, level, at, "regular")
    if random.random() < _HOME_SCHOOLING:
        return Place(moment, level, at, "home_schooling")
    newcomer = random.random() < _RECEPTION_CLASS[at, level]
    return Place(moment, level, at, "reception_class" if newcomer else "regular")


def _promoted(place: Place, moment: float, level: str) -> Place:
    """The place in a new school year."""
    learnt = moment - place.since > _DAYS_IN_RECEPTION_CLASS
    programme = "regular" if place.programme == "reception_class" and learnt else place.programme
    return replace(place, level=place.level if place.level == "special" else level, programme=programme)


def _moved(random: Random, place: Place, moment: float, lived: Sequence[Span]) -> Place:
    """The place after a move: at another community's school where the old one has none, or as it was."""
    at = community(random, municipality_at(lived, moment))
    if at != place.community or random.random() < _OTHER_SCHOOL_AFTER_MOVE:
        return replace(place, community=at, since=moment)
    return place


def _level(person: Person, moment: float) -> str | None:
    """The level of the school year that holds `moment`, by the year of birth; None from the age of 18 on."""
    day = date_of(moment)
    age = day.year - (day.month < 9) - date_of(person.born).year
    if age >= 18:
        return None
    return "secondary" if age >= 12 else "primary" if age >= 6 else "pre_primary"


def _out_of_holidays(moment: float) -> float:
    """Nobody enrols in July and August: the first day of September is the next one."""
    day = date_of(moment)
    return float(day_number(date(day.year, 9, 1))) if day.month in (7, 8) else moment


def _first_days() -> Iterator[int]:
    for year in range(2022, LATEST.year + 1):
        day = date(year, 9, 1)
        # a school year begins on a Monday where the 1st is on a weekend
        yield day_number(day) + (7 - day.weekday() if day.weekday() >= 5 else 0)


def _told(moment: float, status: str, place: Place, lived: Sequence[Span]) -> Act:
    detail = {"level": place.level, "community": place.community, "programme": place.programme}
    nis = municipality_at(lived, moment)
    return Act(moment, SCHOOL, status, MINISTRIES[place.community], nis, {} if status == "left" else detail)
