"""Which agency is competent where: for places, schools, work and integration."""

from __future__ import annotations

from random import Random

from bewithu.simulator.places import BRUSSELS_REGION
from schemas.areas import municipalities

#: The community's ministry, by the community that organises a school.
MINISTRIES = {"flemish": "edu-vl", "french": "edu-fwb", "german": "edu-dg"}
EMPLOYMENT_SERVICES = ("employ-vdab", "employ-forem", "employ-actiris", "employ-adg")
INTEGRATION_AGENCIES = ("integ-agii", "integ-bapa", "integ-cri", "integ-info")
#: By the region's code.
REGIONS = {"02000": "reg-vl", "03000": "reg-wal", BRUSSELS_REGION: "reg-bru"}

_FLANDERS = "02000"
# The nine municipalities of the German-speaking Community (Statbel).
_GERMAN_SPEAKING = frozenset(
    ("63001", "63012", "63013", "63023", "63040", "63048", "63061", "63067", "63087")
)
# Of the Ukrainian pupils in Brussels 2,138 were in French-language schools (February 2023); the Dutch-language
# ones counted 89 of 4,694 a year before. Courses there: ours.
_FRENCH_SCHOOL_IN_BRUSSELS = 0.93
_FRENCH_COURSE_IN_BRUSSELS = 0.75


def community(random: Random, nis: str) -> str:
    """The community of the school that a child who lives in `nis` goes to; in Brussels parents choose."""
    if _region(nis) == BRUSSELS_REGION:
        return "french" if random.random() < _FRENCH_SCHOOL_IN_BRUSSELS else "flemish"
    if _region(nis) == _FLANDERS:
        return "flemish"
    return "german" if nis in _GERMAN_SPEAKING else "french"


def employment_service(nis: str) -> str:
    """The code of the public employment service for those who live in `nis`."""
    if _region(nis) == BRUSSELS_REGION:
        return "employ-actiris"
    if _region(nis) == _FLANDERS:
        return "employ-vdab"
    return "employ-adg" if nis in _GERMAN_SPEAKING else "employ-forem"


def integration_agency(random: Random, nis: str) -> tuple[str, str]:
    """The code of the agency that follows a newcomer in `nis`, and the language learnt with it.

    Antwerp and Ghent have agencies of their own, which we leave to the Flemish one.
    """
    if _region(nis) == BRUSSELS_REGION:
        return ("integ-bapa", "fr") if random.random() < _FRENCH_COURSE_IN_BRUSSELS else ("integ-agii", "nl")
    if _region(nis) == _FLANDERS:
        return "integ-agii", "nl"
    return ("integ-info", "de") if nis in _GERMAN_SPEAKING else ("integ-cri", "fr")


def region(nis: str) -> str:
    """The code of the region that tells of the sites in `nis`."""
    return REGIONS[_region(nis)]


def _region(nis: str) -> str:
    return municipalities()[nis].region
