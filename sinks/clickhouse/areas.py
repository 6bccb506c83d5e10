"""Loads the reference areas, so that SQL can name them and sum municipalities up."""

from __future__ import annotations

from datetime import date

from schemas.areas import LANGUAGES, ancestors, areas, municipalities
from sinks.clickhouse.database import Database

_LAST_DAY = date(2299, 12, 31)
_VALIDITY = ("nis", "valid_from", "valid_to")


def load_areas(database: Database) -> None:
    """Writes all areas and municipality codes anew where they differ; a reader never sees a table without them."""
    codes = [
        (place.nis, place.valid_from, place.valid_to or _LAST_DAY) for place in municipalities().values()
    ]
    if sorted(map(tuple, database.rows(f"SELECT {', '.join(_VALIDITY)} FROM validity"))) == sorted(codes):
        return
    database.insert(
        "areas",
        ["code", "level", "parent", *(f"name_{language}" for language in LANGUAGES), "population",
         "latitude", "longitude"],
        [
            [area.code, str(area.level), area.parent or "", *(area.name(language) for language in LANGUAGES),
             area.population, area.latitude, area.longitude]
            for area in areas().values()
        ],
    )  # fmt: skip
    database.insert(
        "municipalities",
        ["nis", "valid_from", "valid_to", "current_nis", "areas"],
        [
            [int(place.nis), place.valid_from, place.valid_to or _LAST_DAY, place.current_nis,
             list(ancestors(place.current_nis))]
            for place in municipalities().values()
        ],
    )  # fmt: skip
    database.insert("validity", _VALIDITY, codes)
