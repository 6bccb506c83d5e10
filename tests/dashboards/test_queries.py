"""Every query of every dashboard runs and gives what its panel needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from sinks.clickhouse.database import Database
from tests.dashboards.expansion import Chosen, expanded
from tests.dashboards.store import FIRST, LAST
from tests.dashboards.texts import Query, queries, variable_queries

CHOSEN = Chosen(
    FIRST,
    LAST,
    {
        "language": "fr",
        "area": "BE",
        "indicator": "persons_protected",
        "headline": "registrations_7d",
        "rule": "registrations_country",
    },
)


def answer(database: Database, sql: str, chosen: Chosen) -> list[dict[str, Any]]:
    """Rows by column, as ClickHouse gives them."""
    text = expanded(sql, chosen)
    columns = [name for name, *_ in database.rows(f"DESCRIBE ({text})")]
    return [dict(zip(columns, row, strict=True)) for row in database.rows(text)]


@pytest.mark.parametrize("query", list(queries()), ids=lambda query: query.place)
def test_a_query_gives_what_its_panel_needs(filled: Database, query: Query) -> None:
    with_alerts = {"indicator": "registrations_7d"} if query.type == "annotations" else {}
    rows = answer(filled, query.sql, replace(CHOSEN, values={**CHOSEN.values, **with_alerts}))
    assert rows
    if query.ref_id == "unit":
        assert rows == [{"unit": rows[0]["unit"]}]
        assert rows[0]["unit"]
    elif query.format == "timeSeries":
        assert_is_series(rows)
    elif query.type == "annotations":
        assert all(isinstance(row["time"], datetime) and row["text"] and row["tags"] for row in rows)
    elif query.type == "geomap":
        assert_is_map(rows, query.ref_id)
    elif query.type == "stat":
        assert len(rows) == 1
        assert any(isinstance(value, int | float) for value in rows[0].values())
    else:
        assert query.type == "table"
        assert len(rows[0]) > 1


def assert_is_series(rows: list[dict[str, Any]]) -> None:
    """A time, ascending, as the plugin asks; numbers, some of them told; and a label where there are several lines."""
    times = [row["time"] for row in rows]
    assert all(isinstance(moment, datetime) for moment in times)
    assert times == sorted(times)
    numbers = [value for row in rows for name, value in row.items() if name not in ("time", "name")]
    assert any(isinstance(value, int | float) for value in numbers)
    assert all(value is None or isinstance(value, int | float) for value in numbers)
    assert all(row.get("name", "a line") for row in rows)


def assert_is_map(rows: list[dict[str, Any]], ref_id: str) -> None:
    """A place in Belgium, its name, and a number, or the word that there is none."""
    for row in rows:
        assert row["name"]
        assert 49 < row["latitude"] < 52
        assert 2 < row["longitude"] < 7
        assert row["told"] if ref_id == "hidden" else row["value"] is not None


@pytest.mark.parametrize(("place", "sql"), list(variable_queries()))
@pytest.mark.parametrize("language", ["nl", "fr", "de", "en"])
def test_a_variable_offers_values_with_names(filled: Database, place: str, sql: str, language: str) -> None:
    chosen = Chosen(FIRST, LAST, {**CHOSEN.values, "language": language})
    rows = [tuple(row.values()) for row in answer(filled, sql, chosen)]
    assert len(rows) > 2
    assert len({value for value, _ in rows}) == len(rows)
    assert all(value and text for value, text in rows)


def test_names_are_in_the_chosen_language(filled: Database) -> None:
    sql = dict(variable_queries())["situation-area"]
    found = {
        language: dict(
            tuple(row.values()) for row in answer(filled, sql, Chosen(FIRST, LAST, {"language": language}))
        )["BE"]
        for language in ("nl", "fr", "de", "en")
    }
    assert found == {"nl": "België", "fr": "Belgique", "de": "Belgien", "en": "Belgium"}


def test_the_map_has_every_municipality_once(filled: Database) -> None:
    of_map = [query for query in queries() if query.type == "geomap" and query.ref_id != "unit"]
    found = [row["area"] for query in of_map for row in answer(filled, query.sql, CHOSEN)]
    assert len(of_map) == 2
    assert len(found) == len(set(found)) == 565
