"""A reader of an area finds that area and what lies in it: nothing less, nothing else, and no way round."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from schemas.areas import Level, area, areas, areas_of_level, is_within
from schemas.indicators import load_indicators
from sinks.clickhouse.access.apply import ask
from sinks.clickhouse.access.statements import WORDS, area_database, statements, subtree
from sinks.clickhouse.database import Database
from tests.events import Platform, empty, person, registration

STOCK = "persons_protected"
INDICATORS = {STOCK: load_indicators(files("streams.indicators"))[STOCK]}
MOMENT = datetime(2024, 12, 3, 12, tzinfo=UTC)
#: Antwerp with Borsbeek, which merged into it; Zwijndrecht, which left its province; Brussels, Liège, Seraing, Eupen.
PLACES = ("11002", "11007", "11056", "21004", "62063", "62096", "63023")
#: A municipality, two that others merged into, one of nobody, an arrondissement, provinces and regions.
READERS = ("62063", "11002", "46030", "11001", "62000", "10000", "60000", "40000", "02000", "03000", "04000")
ALL = "SELECT * FROM {database}.published_values WHERE indicator = 'persons_protected' ORDER BY ALL"


@pytest.fixture(scope="module")
def readers(prepared_database: Database) -> Iterator[Database]:
    database = prepared_database
    empty(database)
    platform = Platform(database, INDICATORS)
    numbers = iter(range(1000))
    platform.send(
        *(
            registration(person(next(numbers)), MOMENT, municipality=place)
            for place in PLACES
            for _ in range(6)
        )
    )
    platform.refresh()
    give(database)
    yield database
    for code in READERS:
        database.run(f"DROP DATABASE IF EXISTS {area_database('default', code)}")
    empty(database)


def give(database: Database) -> None:
    """What is of databases and views: the embedded engine has no users."""
    for given in statements(ask(database, READERS, {})):
        if re.match(
            r"(--.*\n)*(CREATE DATABASE|CREATE OR REPLACE VIEW|DROP VIEW|ALTER TABLE)", given.statement
        ):
            database.run(given.statement)


def told(database: Database, where: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in database.rows(ALL.replace("{database}", where))]


@pytest.mark.parametrize("code", READERS)
def test_it_has_what_lies_in_the_area_and_nothing_else(readers: Database, code: str) -> None:
    everything = told(readers, "default")
    mine = told(readers, area_database("default", code))
    assert mine == [row for row in everything if is_within(str(row[1]), code)]
    # Worked out anew: the reference areas name the parent of each.
    inside = {each for each in areas() if code in chain(each)}
    assert set(subtree(code)) == inside
    heard_of = {area for place in PLACES for area in chain(today(place))}
    assert {row[1] for row in mine} == inside & heard_of
    assert len(mine) < len(everything)


def chain(code: str) -> list[str]:
    parent = area(code).parent
    return [code] if parent is None else [code, *chain(parent)]


def today(place: str) -> str:
    return {"11007": "11002", "11056": "46030"}.get(place, place)


def test_those_of_all_regions_have_everything_but_the_country(readers: Database) -> None:
    regions = [each.code for each in areas_of_level(Level.REGION)]
    theirs = [row for code in regions for row in told(readers, area_database("default", code))]
    assert sorted(map(str, theirs)) == sorted(str(row) for row in told(readers, "default") if row[1] != "BE")


def test_who_merged_is_found_where_they_are_today(readers: Database) -> None:
    """Six of Antwerp and six of Borsbeek; Zwijndrecht's six count in East Flanders and no longer in Antwerp."""
    query = "SELECT area, value FROM {database}.published_values WHERE breakdown = '' ORDER BY day DESC LIMIT 1 BY area"

    def values(code: str) -> dict[str, float]:
        return dict(readers.rows(query.replace("{database}", area_database("default", code))))

    assert values("11002") == {"11002": 10.0}
    assert values("46030") == {"46030": 5.0}
    assert values("10000")["10000"] == 10.0
    assert values("40000")["46030"] == 5.0


@pytest.mark.parametrize(
    "condition",
    [
        "throwIf(area = '21004') = 0",
        "throwIf(area = '21004' AND value > 1) = 0",
        "indicator = 'persons_protected' AND throwIf(area != '62063') = 0",
        "intDiv(1, area != '21004') = 1",
        "toUInt8(if(area = '21004', 'no', '1')) = 1",
        "if(area = '21004', throwIf(value > 0), 0) = 0",
        "NOT throwIf(breakdown = '' AND area = 'BE')",
    ],
)
def test_a_condition_that_fails_for_other_areas_does_not_tell_of_them(
    readers: Database, condition: str
) -> None:
    """A question that breaks off would answer one: whether an area has such a row."""
    asked = "SELECT count() FROM {database}.published_values WHERE " + condition
    mine = len(told(readers, area_database("default", "62063")))
    assert readers.value(asked.replace("{database}", area_database("default", "62063"))) == mine > 0
    # The same question does break off where those rows may be seen.
    with pytest.raises(DatabaseError):
        readers.value(asked.replace("{database}", "default"))


def test_a_new_published_view_needs_no_word_here_and_one_that_is_gone_goes(readers: Database) -> None:
    mine = area_database("default", "62063")
    readers.run(
        "CREATE VIEW published_lately SQL SECURITY DEFINER AS SELECT area, value FROM published_values"
    )
    try:
        give(readers)
        assert {area for (area,) in readers.rows(f"SELECT DISTINCT area FROM {mine}.published_lately")} == {
            "62063"
        }
    finally:
        readers.run("DROP VIEW published_lately")
    give(readers)
    views = ask(readers, [], {}).views
    expected = {view for view, columns in views.items() if "area" in columns or view in WORDS}
    assert {view for (view,) in readers.rows(f"SHOW TABLES FROM {mine}")} == expected


def test_the_areas_that_have_readers_are_found_again(readers: Database) -> None:
    assert ask(readers, [], {}).areas == sorted(READERS)
    assert ask(readers, ["24062"], {}).areas == sorted([*READERS, "24062"])
