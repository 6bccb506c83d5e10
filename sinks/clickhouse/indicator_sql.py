"""The statements that read what persons did, and which steps they have made so far."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from schemas.indicators import Flow, Stock
from sinks.clickhouse.contract_tables import facts_table
from sinks.clickhouse.literal import name
from sinks.indicators.steps import PLACE

#: Rows of facts that are read at once when everybody is worked out anew.
_FACTS_AT_ONCE = 500_000
_MOST_RANGES = 256


@dataclass(frozen=True, slots=True)
class Whom:
    """Some persons: a condition on a column of theirs, and its parameters."""

    condition: str
    parameters: Mapping[str, Any]

    def sql(self, column: str) -> str:
        return self.condition.replace("$person", column)


def touched(frames: Sequence[int]) -> Whom:
    """The persons with an event in one of the frames."""
    condition = "$person IN (SELECT subject FROM touched WHERE frame IN {frames:Array(UInt64)})"
    return Whom(condition, {"frames": list(frames)})


def everybody(facts: int) -> Iterator[Whom]:
    """Everybody, in ranges of pseudonyms of which each has a share of all `facts` that fits into memory."""
    ranges = min(_MOST_RANGES, 1 + facts // _FACTS_AT_ONCE)
    starts = [round(number * 256 / ranges) for number in range(ranges + 1)]
    for begin, end in pairwise(starts):
        last = f"{end - 1:02x}{'ff' * 15}"
        yield Whom(
            "$person BETWEEN unhex({first:String}) AND unhex({last:String})",
            {"first": f"{begin:02x}{'00' * 15}", "last": last},
        )


def facts_statement(event: str, indicators: Iterable[Flow | Stock], whom: Whom) -> str:
    """Of each event of these persons its highest revision, unless that cancels it, in the events' order."""
    fields = {field: None for indicator in indicators for filters in _filters(indicator) for field in filters}
    shown = ", ".join(
        f"CAST({name(field)} AS Nullable(String)) AS {name(field)}" for field in fields if field not in PLACE
    )
    return f"""SELECT subject, toDate32(toTimeZone(occurred_at, 'Europe/Brussels')) AS happened, * EXCEPT
    (subject, event_id, occurred_at, cancelled)
FROM
(
    SELECT person AS subject, event_id, occurred_at, cancelled,
        {", ".join(f"toString({field}) AS {field}" for field in PLACE)}{", " if shown else ""}{shown}
    FROM {facts_table(event)}
    WHERE {whom.sql("person")}
    ORDER BY person, event_id, revision DESC, version DESC
    LIMIT 1 BY person, event_id
)
WHERE NOT cancelled
ORDER BY subject, occurred_at, event_id"""


def existing_steps_statement(whom: Whom) -> str:
    """The steps of these persons in the `indicators` of a parameter."""
    place = ", ".join(f"toString(contributions.{field}) AS {field}" for field in PLACE)
    return f"""SELECT toString(contributions.indicator) AS indicator, subject, {place}, contributions.day AS day,
    sum(contributions.delta) AS delta
FROM contributions
WHERE contributions.indicator IN {{indicators:Array(String)}} AND {whom.sql("subject")}
GROUP BY indicator, subject, {", ".join(PLACE)}, day
HAVING delta != 0"""


def facts_count_statement(events: Iterable[str]) -> str:
    return " UNION ALL ".join(f"SELECT count() FROM {facts_table(event)}" for event in events)


def _filters(indicator: Flow | Stock) -> tuple[Mapping[str, Sequence[str]], ...]:
    return (indicator.filter,) if isinstance(indicator, Flow) else (indicator.enter, indicator.leave)
