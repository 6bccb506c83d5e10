"""Who arrives: households with their sizes, ages, sexes and nationalities.

Ages and sexes are calibrated on published shares: 40 % minors among the first, 22 % from September 2022 on,
53 % women, 41 % aged 18 to 34 later (Immigration Office, Eurostat). No cross-table and no distribution of
household sizes is published: they are ours, with a mean falling from 2.4 to 1.75 (a CPAS file has 1.7).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from random import Random

from bewithu.simulator.chance import pick

_YEAR = 365.25
_AGE_GROUPS = ((6, "a00_05"), (18, "a06_17"), (35, "a18_34"), (65, "a35_64"))

_SIZES_FIRST = ((1, 0.30), (2, 0.28), (3, 0.22), (4, 0.13), (5, 0.07))
_SIZES_LATER = ((1, 0.55), (2, 0.25), (3, 0.12), (4, 0.06), (5, 0.02))
_MINORS_FIRST, _MINORS_LATER = 0.40, 0.22
_YOUNG_ADULTS_FIRST, _YOUNG_ADULTS_LATER = 0.42, 0.53
_OVER_65 = 0.07
# About 1,700 unaccompanied minors among 101,536: of those who come alone
_ALONE_AND_MINOR = 0.035
_FEMALE_ADULTS, _FEMALE_MINORS, _SEX_UNKNOWN = 0.545, 0.49, 0.003

# 57,767 of 59,143 were Ukrainian, 175 Russian (March to August 2022); the others are ours.
_NATIONALITIES = (
    ("UKR", 0.977),
    ("RUS", 0.003),
    ("ARM", 0.004),
    ("AZE", 0.003),
    ("GEO", 0.003),
    ("UZB", 0.003),
    ("MAR", 0.003),
    ("NGA", 0.003),
    ("BLR", 0.001),
)


@dataclass(frozen=True, slots=True)
class Person:
    """A synthetic person. `born` is a moment (see `moments`), far below zero."""

    pseudonym: str
    household: str
    sex: str
    nationality: str
    born: float

    def age_group(self, moment: float) -> str:
        """The contract's age group at that moment."""
        age = self.age(moment)
        return next((name for limit, name in _AGE_GROUPS if age < limit), "a65_plus")

    def age(self, moment: float) -> float:
        """In years."""
        return (moment - self.born) / _YEAR

    def is_adult(self, moment: float) -> bool:
        return self.age(moment) >= 18


@dataclass(frozen=True, slots=True)
class Mixture:
    """What the arrivals of a month are like."""

    sizes: tuple[tuple[int, float], ...]
    #: Chance that a member besides the first is a minor.
    minor_members: float
    young_adults: float


def mixture(first: date) -> Mixture:
    """The mixture in the month that starts on `first`: it shifts from March to September 2022, then stays."""
    along = min(1.0, ((first.year - 2022) * 12 + first.month - 3) / 6)
    sizes = tuple(
        (size, _between(early, late, along))
        for (size, early), (_, late) in zip(_SIZES_FIRST, _SIZES_LATER, strict=True)
    )
    mean = sum(size * share for size, share in sizes)
    minors = _between(_MINORS_FIRST, _MINORS_LATER, along) * mean - _ALONE_AND_MINOR * sizes[0][1]
    young = _between(_YOUNG_ADULTS_FIRST, _YOUNG_ADULTS_LATER, along)
    return Mixture(sizes, minors / (mean - 1), young)


def household(random: Random, name: str, size: int, arrived: float, mix: Mixture) -> Sequence[Person]:
    """The persons of the household called `name`, a text that no other household has."""
    together = _pseudonym(name)
    nationality = pick(random, _NATIONALITIES)
    found = []
    for member in range(size):
        minor = _is_minor(random, member, size, mix)
        born = arrived - _YEAR * (18 * random.random() if minor else _adult_age(random, mix))
        found.append(Person(_pseudonym(f"{name}/{member}"), together, _sex(random, minor), nationality, born))
    return found


def _is_minor(random: Random, member: int, size: int, mix: Mixture) -> bool:
    if size == 1:
        return random.random() < _ALONE_AND_MINOR
    return member > 0 and random.random() < mix.minor_members


def _sex(random: Random, minor: bool) -> str:
    if random.random() < _SEX_UNKNOWN:
        return "unknown"
    return "female" if random.random() < (_FEMALE_MINORS if minor else _FEMALE_ADULTS) else "male"


def _adult_age(random: Random, mix: Mixture) -> float:
    chance = random.random()
    if chance < mix.young_adults:
        return 18 + 17 * random.random()
    if chance < 1 - _OVER_65:
        return 35 + 30 * random.random()
    return 65 + 23 * random.random()


def _pseudonym(name: str) -> str:
    digits = blake2b(name.encode(), digest_size=16).hexdigest()
    # the contract refuses 32 decimal digits: a padded number could hide there
    return "a" + digits[1:] if digits.isdigit() else digits


def _between(early: float, late: float, along: float) -> float:
    return early + (late - early) * along
