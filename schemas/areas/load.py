"""Reads the CSV files beside this module, once."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from importlib import resources
from types import MappingProxyType

from schemas.areas.model import Area, Level, Merger, Municipality

# Mergers before this day are not in the tables: a code that is older counts as valid from here.
SINCE = date(2019, 1, 1)

FLANDERS, BRUSSELS = "02000", "04000"


@cache
def areas() -> Mapping[str, Area]:
    """Every area of today by its code, largest level first, within a level by code."""
    exonyms = {row["nis"]: row for row in _rows("exonyms.csv")}
    listed = [_group(row) for row in _rows("groups.csv")]
    listed += [_municipality_area(row, exonyms.get(row["nis"], {})) for row in _rows("municipalities.csv")]
    by_code = {area.code: area for area in listed}
    # Smallest level first, so that every sum is complete before it is added to the level above.
    for area in sorted(listed, key=lambda area: list(Level).index(area.level)):
        if area.parent is not None:
            above = by_code[area.parent]
            population = above.population + by_code[area.code].population
            by_code[above.code] = replace(above, population=population)
    return MappingProxyType(by_code)


@cache
def mergers() -> tuple[Merger, ...]:
    """Every municipality that took part in a merger since 2019, by old code."""
    return tuple(_merger(row) for row in _rows("mergers.csv"))


@cache
def municipalities() -> Mapping[str, Municipality]:
    """Every municipality code that was valid on some day since 2019, by code: today's and the merged ones."""
    kept = {merger.old_nis for merger in mergers() if merger.old_nis == merger.new_nis}
    began = {merger.new_nis: merger.effective_date for merger in mergers() if merger.new_nis not in kept}
    found = [
        _municipality(area.code, began.get(area.code, SINCE), None, area.code)
        for area in areas().values()
        if area.level is Level.MUNICIPALITY
    ]
    found += [
        _municipality(merger.old_nis, SINCE, merger.effective_date - timedelta(days=1), merger.new_nis)
        for merger in mergers()
        if merger.old_nis not in kept
    ]
    return MappingProxyType({each.nis: each for each in sorted(found, key=lambda each: each.nis)})


def _municipality(nis: str, valid_from: date, valid_to: date | None, current_nis: str) -> Municipality:
    # REFNIS builds a municipality's code on its arrondissement's: so that of a merged one is known too
    arrondissement = areas()[f"{nis[:2]}000"]
    above = areas()[str(arrondissement.parent)]
    province = above.code if above.level is Level.PROVINCE else None
    region = above.code if province is None else str(above.parent)
    return Municipality(nis, valid_from, valid_to, current_nis, arrondissement.code, province, region)


def _merger(row: Mapping[str, str]) -> Merger:
    return Merger(
        old_nis=row["old_nis"],
        old_name_nl=row["old_name_nl"],
        new_nis=row["new_nis"],
        new_name_nl=row["new_name_nl"],
        effective_date=date.fromisoformat(row["effective_date"]),
    )


def _group(row: Mapping[str, str]) -> Area:
    names = {language: row[f"name_{language}"] for language in ("nl", "fr", "de", "en")}
    return Area(row["code"], Level(row["level"]), row["parent"] or None, names, 0, None, None)


def _municipality_area(row: Mapping[str, str], exonym: Mapping[str, str]) -> Area:
    local = _local_name(row)
    names = {
        "nl": row["name_nl"],
        "fr": row["name_fr"],
        "de": row["name_de"] or exonym.get("name_de") or local,
        "en": exonym.get("name_en") or local,
    }
    return Area(
        code=row["nis"],
        level=Level.MUNICIPALITY,
        parent=row["arrondissement"],
        names=names,
        population=int(row["population_2020"]),
        latitude=float(row["latitude"]),
        longitude=float(row["longitude"]),
    )


def _local_name(row: Mapping[str, str]) -> str:
    """The name in the language of the place; in bilingual Brussels both, Dutch first as in REFNIS."""
    if row["region"] == BRUSSELS:
        return " / ".join(dict.fromkeys((row["name_nl"], row["name_fr"])))
    if row["region"] == FLANDERS:
        return row["name_nl"]
    return row["name_de"] or row["name_fr"]


def _rows(name: str) -> list[dict[str, str]]:
    text = resources.files("schemas.areas").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))
