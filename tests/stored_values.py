"""The indicators' values that the store holds, read day by day, to be held against the oracle's."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from sinks.clickhouse.database import Database
from tests import oracle


def values_of(
    database: Database,
    definitions: Mapping[str, oracle.Definition],
    keys: Iterable[oracle.Key],
    known_at: datetime,
) -> dict[oracle.Key, oracle.Sides]:
    """The values as known at a moment: each lasts until the next, and is zero before the first."""
    series: dict[tuple[str, ...], list[tuple[date, oracle.Sides]]] = defaultdict(list)
    for *names, day, sides in database.rows(
        "SELECT indicator, area, breakdown, day, argMax((value, numerator, denominator), refresh)"
        " FROM indicator_values WHERE known_at <= {known_at:DateTime64(3)}"
        " GROUP BY indicator, area, breakdown, day ORDER BY day",
        known_at=known_at.replace(tzinfo=None),
    ):
        series[tuple(names)].append((day, sides))
    found = {}
    for key in keys:
        *names, day = key
        steps = series.get(tuple(names), [])
        place = bisect_right(steps, day, key=lambda step: step[0])
        nothing = (0, 0, 0 if definitions[key[0]]["kind"] == "ratio" else 1)
        found[key] = steps[place - 1][1] if place else nothing
    return found


def differences(
    found: Mapping[oracle.Key, oracle.Sides], wanted: Mapping[oracle.Key, oracle.Sides]
) -> list[str]:
    """What is stored beside what the oracle says, where they differ."""
    return [f"{key}: {found[key]}, expected {wanted[key]}" for key in wanted if found[key] != wanted[key]]


def assert_same(found: Mapping[oracle.Key, oracle.Sides], wanted: Mapping[oracle.Key, oracle.Sides]) -> None:
    different = differences(found, wanted)
    assert not different, f"{len(different)} of {len(wanted)} values: " + "; ".join(different[:5])
