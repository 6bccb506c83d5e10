"""What is defined is written down for dashboards once, whole, and again when it differs."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files

from alerts.rules import load_rules
from bewithu.fitting.description import description
from schemas.indicators import load_indicators
from sinks.clickhouse.database import Database
from sinks.clickhouse.description import write_description

INDICATORS = load_indicators(files("streams.indicators"))
WRITTEN = description(INDICATORS, load_rules(INDICATORS))


def indicators(database: Database) -> list[str]:
    return [
        name for (name,) in database.rows("SELECT indicator FROM published_indicators ORDER BY indicator")
    ]


def test_done_twice_it_writes_nothing(database: Database) -> None:
    writes: list[str] = []
    write_description(database, WRITTEN, lambda: writes.append("asked"))
    assert len(writes) == 3
    write_description(database, WRITTEN, lambda: writes.append("asked"))
    assert len(writes) == 3
    assert indicators(database) == sorted(INDICATORS)


def test_what_is_defined_no_longer_is_gone_and_what_changed_is_new(database: Database) -> None:
    write_description(database, WRITTEN)
    first, second, *others = WRITTEN.indicators
    write_description(database, replace(WRITTEN, indicators=[replace(first, unit="households"), *others]))
    assert indicators(database) == sorted(set(INDICATORS) - {second.indicator})
    found = database.value(
        "SELECT unit FROM published_indicators WHERE indicator = {name:String}", name=first.indicator
    )
    assert found == "households"
    assert len(database.rows("SELECT 1 FROM published_names WHERE sort = 'indicator'")) == len(INDICATORS)
