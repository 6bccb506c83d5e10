"""What a report says, before it is laid out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.quarantine import Held


@dataclass(frozen=True, slots=True)
class Count:
    """So many records were refused for this reason, about this field ('' for the whole record)."""

    reason: str
    field: str
    records: int


@dataclass(frozen=True, slots=True)
class Report:
    """One agency's open records, published from `since` until before `until` (None for no limit)."""

    agency: str
    since: datetime | None
    until: datetime | None
    made_at: datetime
    counts: tuple[Count, ...]
    records: tuple[Held, ...]


def make_report(
    agency: str, since: datetime | None, until: datetime | None, records: Sequence[Held], now: datetime
) -> Report:
    """Counts the most frequent first. `records` are the agency's open ones, in the order to be shown."""
    found = Counter((held.reason, held.field) for held in records)
    counts = sorted(
        (Count(reason, field, count) for (reason, field), count in found.items()),
        key=lambda count: (-count.records, count.reason, count.field),
    )
    return Report(agency, since, until, now, tuple(counts), tuple(records))
