"""Steps and moves that no reader needs: of indicators that are defined no longer, and of old generations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from schemas.indicators import Indicators
from sinks.clickhouse.database import Database
from sinks.clickhouse.generations import Generation, standing

_THOSE = "has(arrayZip({indicators:Array(String)}, {generations:Array(UInt64)}), (toString(indicator), generation))"


def not_defined(generations: Iterable[Generation], indicators: Indicators) -> Sequence[Generation]:
    """Those of indicators that these definitions lack."""
    return [each for each in generations if each.indicator not in indicators]


def superseded(generations: Sequence[Generation], before: datetime) -> Sequence[Generation]:
    """Those older than what stood at a moment: with them goes what was known before it under an older definition."""
    stood = standing(generations, before)
    return [each for each in generations if each.number < stood.get(each.indicator, 0)]


def prune(database: Database, generations: Sequence[Generation]) -> None:
    """Takes them out of all tables. The notes go last: after a crash, the same generations are found again."""
    if not generations:
        return
    numbers = {
        "indicators": [each.indicator for each in generations],
        "generations": [each.number for each in generations],
    }
    for table in ("steps", "moves", "generations"):
        database.run(f"ALTER TABLE {table} DELETE WHERE {_THOSE} SETTINGS mutations_sync = 2", **numbers)
    database.run(
        "ALTER TABLE disclosure_rules DELETE WHERE indicator NOT IN (SELECT indicator FROM generations)"
        " SETTINGS mutations_sync = 2"
    )
