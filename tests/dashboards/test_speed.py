"""Queries find their place by the key: what a dashboard costs follows what it shows, not what is stored."""

from __future__ import annotations

import re

import pytest

from sinks.clickhouse.database import Database
from tests.dashboards.expansion import Chosen, expanded
from tests.dashboards.store import FIRST, LAST
from tests.dashboards.texts import Query, queries

READING = [query for query in queries() if re.search(r"\bpublished_(values|days)\b", query.sql)]
VALUES = {"language": "en", "area": "62063", "indicator": "persons_protected", "headline": "registrations_7d"}


@pytest.mark.parametrize("query", READING, ids=lambda query: query.place)
def test_moves_are_found_by_their_key(filled: Database, query: Query) -> None:
    plan = "\n".join(
        line
        for (line,) in filled.rows(f"EXPLAIN indexes = 1 {expanded(query.sql, Chosen(FIRST, LAST, VALUES))}")
    )
    reads = re.findall(r"ReadFromMergeTree \(\S*\.moves\)(.*?)Granules: \d+/\d+", plan, re.DOTALL)
    assert reads, plan
    for read in reads:
        condition = re.search(r"Condition: (.*)", read)
        assert condition, read
        assert "indicator" in condition[1], read
        assert "area" in condition[1] or query.type == "geomap", read
