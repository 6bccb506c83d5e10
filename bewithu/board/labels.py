"""Codes that travel in events and rules, as words that people read.

A code that is not listed (a new event type may bring one without Python) is shown as it is, its underscores as spaces.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from bewithu.board.words import Words, mark
from schemas.symbols import symbol_name

Labels = Mapping[str, str]

UNITS: Final[Labels] = MappingProxyType(
    {
        "persons": mark("persons"),
        "files": mark("files"),
        "households": mark("households"),
        "certificates": mark("certificates"),
        "places": mark("places"),
        "days": mark("days"),
        "‰": mark("per 1,000"),
    }
)

SEVERITIES: Final[Labels] = MappingProxyType(
    {
        "info": mark("For your information"),
        "warning": mark("Warning"),
        "critical": mark("Critical"),
    }
)

STATES: Final[Labels] = MappingProxyType(
    {
        "pending": mark("not certain yet"),
        "firing": mark("going on"),
        "over": mark("over"),
        "retracted": mark("withdrawn"),
        "dropped": mark("ended before anybody was told"),
    }
)

#: Steps of an alert, as in the log.
STEPS: Final[Labels] = MappingProxyType(
    {
        "pending": mark("The condition began to hold"),
        "dropped": mark("The condition no longer held; nobody was told"),
        "firing": mark("The alert began"),
        "reminded": mark("It still went on"),
        "recovering": mark("The condition no longer held"),
        "relapsed": mark("The condition held again"),
        "resolved": mark("The alert was over"),
        "retracted": mark("The alert was withdrawn: the value was corrected"),
    }
)

EVENTS: Final[Labels] = MappingProxyType(
    {
        "agency_heartbeat": mark("Sign of life of an agency"),
        "benefit_grant": mark("Equivalent living wage"),
        "employment": mark("Labour market"),
        "housing_change": mark("Housing"),
        "integration_course": mark("Integration path"),
        "reception_capacity": mark("Reception places"),
        "registration": mark("Protection and residence"),
        "school_enrolment": mark("School"),
    }
)

REASONS: Final[Labels] = MappingProxyType(
    {
        "bad_format": mark("field in a wrong format"),
        "empty": mark("empty message"),
        "in_future": mark("date in the future"),
        "incompatible_schema": mark("schema does not fit the contract"),
        "missing": mark("required field missing"),
        "municipality_not_valid": mark("municipality code not valid on that day"),
        "national_number": mark("contains a national number"),
        "out_of_range": mark("number or date out of range"),
        "overlong": mark("more bytes than the schema allows"),
        "refused_by_store": mark("refused by the database"),
        "too_early": mark("date too long ago"),
        "too_old": mark("date longer ago than events are kept"),
        "too_large": mark("message too large"),
        "truncated": mark("message cut off"),
        "undecodable": mark("unreadable message"),
        "unknown_municipality": mark("unknown municipality code"),
        "unknown_schema": mark("unknown schema"),
        "unknown_value": mark("unknown value in a list"),
        "wrong_magic": mark("message without a schema number"),
        "wrong_order": mark("dates in the wrong order"),
    }
)

AGENCIES: Final[Labels] = MappingProxyType(
    {
        "": mark("Unknown sender"),
        "actiris": "Actiris",
        "adg": mark("Employment office of the German-speaking Community (ADG)"),
        "dvz": mark("Immigration Office"),
        "fedasil": mark("Fedasil (reception)"),
        "forem": "Le Forem",
        "ksz": mark("Crossroads Bank for Social Security"),
        "nccn": mark("National Crisis Centre"),
        "podmi": mark("PPS Social Integration"),
        "rn": mark("National Register"),
        "vdab": "VDAB",
    }
)

#: Agencies with one office in each municipality: their codes end with its NIS code, as in cpas-62063.
LOCAL_AGENCIES: Final[Labels] = MappingProxyType(
    {
        "cpas": mark("Public centre for social welfare (CPAS/OCMW)"),
        "mun": mark("Municipality"),
    }
)

#: All of them together, as the publishers of an indicator.
LOCAL_AGENCIES_TOGETHER: Final[Labels] = MappingProxyType(
    {
        "cpas": mark("Public centres for social welfare (CPAS/OCMW)"),
        "mun": mark("Municipalities"),
    }
)


def label(labels: Labels, code: str, words: Words) -> str:
    """The word for a code in that language."""
    return words.gettext(labels[code]) if code in labels else code.replace("_", " ")


def unit_label(unit: str, words: Words) -> str:
    """What is counted; empty for percentages and euros, whose sign says it."""
    return "" if unit in {"%", "EUR"} else label(UNITS, unit, words)


def category_label(breakdown: str, words: Words) -> str:
    """`sex=female` as `Women and girls`; of several dimensions each, with commas between."""
    parts = (part.partition("=") for part in breakdown.split(";"))
    return ", ".join(symbol_name(field, symbol, words.language) for field, _, symbol in parts)
