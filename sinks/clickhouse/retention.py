"""How long events are kept, and what was forgotten so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from schemas.contracts import contract_of
from sinks.clickhouse.contract_tables import facts_table
from sinks.clickhouse.database import Database
from sinks.clickhouse.forgetting import cuts_of, start_of


@dataclass(frozen=True, slots=True)
class Retention:
    """Of one event type. `older`: stored ones from before `since`. `last` is None while none were forgotten."""

    event_type: str
    kept_days: int
    since: date
    older: int
    forgotten: int
    last: datetime | None


def retention_of(database: Database, now: datetime) -> Sequence[Retention]:
    """Of every event type that is about persons, by name."""
    forgotten = {
        event: (count, last.replace(tzinfo=UTC))
        for event, count, last in database.rows(
            "SELECT toString(event_type), sum(facts), max(at) FROM forgotten FINAL GROUP BY event_type"
        )
    }
    found = []
    for event, cut in sorted(cuts_of(now).items()):
        older = database.value(
            f"SELECT uniqExact(event_id) FROM {facts_table(event)}"
            " WHERE occurred_at < {before:DateTime64(3, 'UTC')}",
            before=start_of(cut),
        )
        count, last = forgotten.get(event, (0, None))
        found.append(Retention(event, contract_of(event).kept_days or 0, cut, older, count, last))
    return found
