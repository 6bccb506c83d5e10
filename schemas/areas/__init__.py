"""Belgium's areas: codes, names in four languages, how they nest, which municipality codes were valid when.

Sources and licences are in NOTICE.md beside this file. The map is in `schemas.areas.outlines`.
"""

from __future__ import annotations

from schemas.areas.load import areas, mergers, municipalities
from schemas.areas.model import COUNTRY, LANGUAGES, Area, Language, Level, Merger, Municipality, UnknownArea
from schemas.areas.tree import ancestors, area, areas_of_level, around, children, covering, is_within

__all__ = [
    "COUNTRY",
    "LANGUAGES",
    "Area",
    "Language",
    "Level",
    "Merger",
    "Municipality",
    "UnknownArea",
    "ancestors",
    "area",
    "areas",
    "areas_of_level",
    "around",
    "children",
    "covering",
    "is_within",
    "mergers",
    "municipalities",
]
