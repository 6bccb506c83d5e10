"""Loads the reference areas, so that SQL can name them and sum municipalities up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from schemas.areas import LANGUAGES, ancestors, areas, municipalities
from sinks.clickhouse.database import Database
from sinks.clickhouse.literal import day, text

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
    if database.cluster is None:
        database.insert("validity", _VALIDITY, codes)
    else:
        database.define(_validity_everywhere(codes))


def _validity_everywhere(codes: Sequence[tuple[str, date, date]]) -> str:
    """Landing tables look codes up on their own server, and this table is in memory and replicated by nothing: each
    replica makes its own, with all rows in it.
    """
    rows = ", ".join(f"({text(nis)}, {day(since)}, {day(until)})" for nis, since, until in codes)
    return f"""CREATE OR REPLACE TABLE validity (nis String, valid_from Date32, valid_to Date32)
ENGINE = Join(ANY, LEFT, nis) SETTINGS join_any_take_last_row = 1
AS SELECT * FROM values('nis String, valid_from Date32, valid_to Date32', {rows})"""
