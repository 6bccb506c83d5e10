"""What is told of the values of each indicator, for the view of published values."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from schemas.indicators import Counted, has_count
from sinks.clickhouse.database import Database

_COLUMNS = ("indicator", "minimum_cell", "round_to", "has_count", "usual_delay_days")


def write_rules(
    database: Database, indicators: Iterable[Counted], before_write: Callable[[], object] = lambda: None
) -> None:
    """Those that differ from what is stored: done twice, it writes nothing."""
    stored = set(database.rows(f"SELECT {', '.join(_COLUMNS)} FROM disclosure_rules FINAL"))
    wanted = [
        (found.id, found.minimum_cell, found.round_to or 0, has_count(found), found.usual_delay_days)
        for found in indicators
    ]
    anew = [list(rule) for rule in wanted if rule not in stored]
    if anew:
        before_write()
        database.insert("disclosure_rules", _COLUMNS, anew)
