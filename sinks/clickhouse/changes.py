"""What has changed since one looked, so that only that is read anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sinks.clickhouse.database import Database, statement


@dataclass(frozen=True, slots=True)
class Mark:
    """Up to where one has looked: the last finished refresh, and how many notes about generations there were."""

    refresh: int
    notes: int


class Changes:
    """Of values. A refresh that is under way counts once it is finished."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def mark(self) -> Mark:
        ((refresh, notes),) = self._database.rows(
            "SELECT (SELECT max(refresh) FROM refreshes), (SELECT count() FROM generations)"
        )
        return Mark(refresh, notes)

    def since(self, mark: Mark) -> Mapping[str, date]:
        """By counted indicator the first day of which values moved since; others have not changed."""
        rows = self._database.rows(statement("moved_since"), refresh=mark.refresh)
        return {str(indicator): day for indicator, day in rows}
