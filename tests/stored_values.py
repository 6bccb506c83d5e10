"""The indicators' values that the store holds, to be held against the oracle's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from itertools import groupby

from schemas.indicators import Indicators
from sinks.clickhouse.database import Database
from sinks.clickhouse.value_reader import ValueReader
from tests import oracle


def values_of(
    database: Database,
    indicators: Indicators,
    keys: Iterable[oracle.Key],
    as_of: datetime | None = None,
) -> dict[oracle.Key, oracle.Sides]:
    """The values of these keys, as known now or at a moment."""
    wanted = set(keys)
    names, areas, breakdowns = (sorted({key[part] for key in wanted}) for part in range(3))
    reader = ValueReader(database, indicators)
    found = {}
    for since, until in _spans(sorted({key[3] for key in wanted})):
        for name, values in reader.daily(names, areas, breakdowns, since, until, as_of).items():
            for area, breakdown, day, value, numerator, denominator, *_ in values.iter_rows():
                if (name, area, breakdown, day) in wanted:
                    found[name, area, breakdown, day] = (value, numerator, denominator)
    return found


def _spans(days: list[date]) -> list[tuple[date, date]]:
    """The days in runs without a gap."""
    runs = groupby(enumerate(days), key=lambda pair: pair[1] - timedelta(days=pair[0]))
    return [(run[0][1], run[-1][1]) for _, found in runs if (run := list(found))]


def differences(
    found: Mapping[oracle.Key, oracle.Sides], wanted: Mapping[oracle.Key, oracle.Sides]
) -> list[str]:
    """What is stored beside what the oracle says, where they differ."""
    return [
        f"{key}: {found.get(key)}, expected {wanted[key]}" for key in wanted if found.get(key) != wanted[key]
    ]


def assert_same(found: Mapping[oracle.Key, oracle.Sides], wanted: Mapping[oracle.Key, oracle.Sides]) -> None:
    different = differences(found, wanted)
    assert not different, f"{len(different)} of {len(wanted)} values: " + "; ".join(different[:5])
