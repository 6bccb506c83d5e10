"""What a value rests on: agencies and numbers of their events, and when what was known of it. Never a person."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from schemas.contracts import contract_of
from schemas.indicators import (
    Counted,
    Duration,
    Flow,
    Freshness,
    Selection,
    Sum,
    counting,
    has_count,
    scale_of,
    span_of,
)
from sinks.clickhouse.contract_tables import facts_table, subject_column
from sinks.clickhouse.database import Database, statement
from sinks.clickhouse.generations import read_generations, standing
from sinks.clickhouse.literal import name
from sinks.clickhouse.suppression import is_small, suppressed_parts
from sinks.indicators.steps import COUNT, FIRST

_INSIDE = (
    "municipality IN (SELECT toString(current_nis) FROM municipalities FINAL WHERE has(areas, {area:String}))"
)
_DAY = "toDate32(toTimeZone(occurred_at, 'Europe/Brussels'))"


@dataclass(frozen=True, slots=True)
class Contribution:
    """Events of one agency that the value rests on, and how many of them were corrected; None where it is not told."""

    agency: str
    events: int | None
    corrected: int | None
    first_day: date
    last_day: date
    last_known_at: datetime


@dataclass(frozen=True, slots=True)
class Learned:
    """By how much the value changed by what became known since the one before, up to and with a day."""

    known_by: date
    change: float


class Explanations:
    """Asked for one counted indicator, area and day. Whether the value may be told at all is for the caller."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def contributions(self, indicator: Counted, area: str, day: date) -> Sequence[Contribution]:
        """By agency, most events first."""
        selection = counting(indicator)
        rows = self._rows(
            _contributions_statement(selection),
            indicator, area, day,
            **_filters(selection),
            since=_first_day(indicator, day),
        )  # fmt: skip
        hidden = suppressed_parts({agency: events for agency, events, *_ in rows}, indicator.minimum_cell)
        found = [
            Contribution(
                agency,
                None if agency in hidden else events,
                None if agency in hidden or is_small(corrected, indicator.minimum_cell) else corrected,
                first,
                last,
                known_at if known_at.tzinfo else known_at.replace(tzinfo=UTC),
            )
            for agency, events, corrected, first, last, known_at in rows
        ]
        return sorted(found, key=lambda each: (-(each.events or 0), each.agency))

    def learned(self, indicator: Counted, area: str, day: date) -> Sequence[Learned]:
        """How the value came about, by the day on which it became known; of a duration the persons behind it."""
        changes: dict[date, Counter[int]] = defaultdict(Counter)
        for known_on, bin_, change in self._rows(statement("learned"), indicator, area, day):
            changes[known_on][bin_] += change
        told = [_news(indicator, known_on, bins) for known_on, bins in changes.items()]
        return gathered(told, indicator.minimum_cell)

    def _rows(
        self, question: str, indicator: Counted, area: str, day: date, **parameters: object
    ) -> Sequence[Sequence[Any]]:
        """Of the generation that readers have; none before one stands."""
        generation = standing(read_generations(self._database)).get(indicator.id)
        if generation is None:
            return []
        key = {"indicator": indicator.id, "generation": generation, "area": area, "day": day}
        return self._database.rows(question, **key, **parameters)


@dataclass(frozen=True, slots=True)
class News:
    """What became known on a day: by how much the value changed, and the number of those who make it up."""

    known_on: date
    change: float
    persons: int


def _news(indicator: Counted, known_on: date, bins: Counter[int]) -> News:
    if isinstance(indicator, Duration | Freshness):
        return News(known_on, bins.total(), bins.total())
    return News(known_on, bins[FIRST] / scale_of(indicator), bins[COUNT if has_count(indicator) else FIRST])


def gathered(changes: Iterable[News], minimum: int) -> Sequence[Learned]:
    """Changes by few persons are told together with later ones, so that none shows what they add; the sum stays."""
    found: list[Learned] = []
    held, persons = 0.0, 0
    for each in changes:
        held, persons = held + each.change, persons + each.persons
        if abs(persons) >= max(minimum, 1):
            found.append(Learned(each.known_on, held))
            held, persons = 0.0, 0
    if held and found:
        found[-1] = Learned(found[-1].known_by, found[-1].change + held)
    return found


def _contributions_statement(selection: Selection) -> str:
    """Events of the subjects that count on the day, as the indicator counts them."""
    subject = subject_column(contract_of(selection.event))
    conditions = [
        f"{name(field)} IN {{filter_{number}:Array(String)}}" for number, field in enumerate(selection.filter)
    ]
    return f"""SELECT agency, uniqExact(event_id) AS events, uniqExactIf(event_id, revision > 0) AS corrected,
    min({_DAY}), max({_DAY}), max(known_at)
FROM {facts_table(selection.event)} FINAL
WHERE {" AND ".join([*conditions, f"{_DAY} BETWEEN {{since:Date32}} AND {{day:Date32}}"])}
    AND {subject} IN
    (
        SELECT subject
        FROM steps
        WHERE indicator = {{indicator:String}} AND generation = {{generation:UInt64}}
            AND {_INSIDE} AND day <= {{day:Date32}}
        GROUP BY subject
        HAVING sum(delta) != 0
    )
GROUP BY agency"""


def _filters(selection: Selection) -> Mapping[str, Sequence[str]]:
    return {f"filter_{number}": list(values) for number, values in enumerate(selection.filter.values())}


def _first_day(indicator: Counted, day: date) -> date:
    """The first day of which events may still count."""
    if not isinstance(indicator, Flow | Sum | Duration):
        return date(1900, 1, 1)
    span = span_of(indicator.window)
    match span.unit:
        case "day":
            return day - timedelta(days=span.length - 1)
        case "hour":
            return day - timedelta(days=-(-span.length // 24))
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
