"""What a value rests on: agencies and numbers of their events, and when what was known of it. Never a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import polars as pl

from schemas.contracts import contract_of
from schemas.indicators import (
    Counted,
    Duration,
    Flow,
    Freshness,
    Selection,
    Sum,
    counting,
    selections,
    span_of,
)
from sinks.clickhouse.contract_tables import facts_table, subject_column
from sinks.clickhouse.database import Database, statement
from sinks.clickhouse.generations import read_generations, standing
from sinks.clickhouse.literal import name
from sinks.indicators.cells import TOTAL
from sinks.indicators.disclosure import told_count, told_values
from sinks.indicators.steps import events_of
from sinks.indicators.values import MOVES, days_between

_INSIDE = (
    "municipality IN (SELECT toString(current_nis) FROM municipalities FINAL WHERE has(areas, {area:String}))"
)
_DAY = "toDate32(toTimeZone(occurred_at, 'Europe/Brussels'))"
_KNOWN_ON = "toDate32(toTimeZone(known_at, 'Europe/Brussels'))"


@dataclass(frozen=True, slots=True)
class Contribution:
    """Events of one agency of the time that the value is about, and how many of them were corrected; None where few.

    Of all subjects that ever began to count there, and told in whole batches since the first one, as values are: the
    difference of two days, and of what is told now and later, is one of whole batches, too. `last_known_at` is of the
    newest one and exact, so it is for operators.
    """

    agency: str
    events: int
    corrected: int | None
    last_known_at: datetime


@dataclass(frozen=True, slots=True)
class Learned:
    """What was told of the value from the day on which it became known; `value` is None where it was suppressed."""

    known_on: date
    value: float | None


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What an agency sent on one day about an earlier time that the value rests on: events that were new, and
    corrections or cancellations of earlier ones.

    Exact, and not to be shown: which agencies sent at least a batch may be told (bewithu/fitting/origins.py).
    """

    known_on: date
    agency: str
    late: int
    corrected: int


class Explanations:
    """Asked for one counted indicator, area and day. Whether the value may be told at all is for the caller."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def contributions(self, indicator: Counted, area: str, day: date) -> Sequence[Contribution]:
        """By agency, most events first. Those of which no batch became full are left out: it may be of one person."""
        selection = counting(indicator)
        rows = self._rows(
            _contributions_statement(selection),
            indicator, area, day,
            **_filters(selection),
            since=_first_day(indicator, day),
        )  # fmt: skip
        minimum = indicator.minimum_cell
        found = [
            Contribution(
                agency,
                told,
                _in_batches(corrected, corrected_before, minimum),
                known_at if known_at.tzinfo else known_at.replace(tzinfo=UTC),
            )
            for agency, events, before, corrected, corrected_before, known_at in rows
            if (told := _in_batches(events, before, minimum))
        ]
        return sorted(found, key=lambda each: (-each.events, each.agency))

    def arrivals(self, indicator: Counted, area: str, day: date) -> Sequence[Arrivals]:
        """What arrived after the day itself, oldest first, of all events that the indicator looks at.

        Of subjects that ever counted in the area, so that what takes one out of it is among them.
        """
        sums: dict[tuple[date, str], tuple[int, int]] = {}
        for selection in selections(indicator):
            rows = self._rows(
                _arrivals_statement(selection),
                indicator, area, day,
                **_filters(selection),
                since=_first_day(indicator, day),
            )  # fmt: skip
            for known_on, agency, late, corrected in rows:
                before = sums.get((known_on, agency), (0, 0))
                sums[known_on, agency] = before[0] + late, before[1] + corrected
        return [Arrivals(*key, *counts) for key, counts in sorted(sums.items())]

    def forgotten_before(self, indicator: Counted) -> date | None:
        """The first day of which the events behind it are all kept; None while none were forgotten."""
        found: date = self._database.value(
            "SELECT max(before) FROM forgotten WHERE event_type IN {events:Array(String)}",
            events=sorted(events_of(indicator)),
        )
        return found if found.year > 1970 else None

    def learned(self, indicator: Counted, area: str, day: date) -> Sequence[Learned]:
        """What was told of the value, from the first day on which anything was; of a duration the persons behind it."""
        changes = [
            (area, TOTAL, known_on, bin_, change, datetime.combine(known_on, time(), UTC))
            for known_on, bin_, change in self._rows(statement("learned"), indicator, area, day)
        ]
        if not changes:
            return []
        # As it is told day by day, with the days on which it became known in place of those that it is about.
        moves = pl.DataFrame(changes, schema=MOVES, orient="row")
        days = days_between(changes[0][2], changes[-1][2])
        places = pl.DataFrame({"area": [area], "breakdown": [TOTAL]})
        values = told_values(indicator, moves, places, days).sort("day")
        shown = "denominator" if isinstance(indicator, Duration | Freshness) else "value"
        told = [Learned(known_on, value) for known_on, value in values.select("day", shown).iter_rows()]
        before = [None, *(each.value for each in told)]
        return [each for each, earlier in zip(told, before, strict=False) if each.value != earlier]

    def _rows(
        self, question: str, indicator: Counted, area: str, day: date, **parameters: object
    ) -> Sequence[Sequence[Any]]:
        """Of the generation that readers have; none before one stands."""
        generation = standing(read_generations(self._database)).get(indicator.id)
        if generation is None:
            return []
        key = {"indicator": indicator.id, "generation": generation, "area": area, "day": day}
        return self._database.rows(question, **key, **parameters)


def _contributions_statement(selection: Selection) -> str:
    """Events of the subjects that ever began to count by the day, as the indicator counts them."""
    subject = subject_column(contract_of(selection.event))
    conditions = [
        f"{name(field)} IN {{filter_{number}:Array(String)}}" for number, field in enumerate(selection.filter)
    ]
    earlier = f"{_DAY} < {{since:Date32}}"
    return f"""SELECT agency, uniqExact(event_id) AS events, uniqExactIf(event_id, {earlier}) AS before,
    uniqExactIf(event_id, revision > 0) AS corrected,
    uniqExactIf(event_id, revision > 0 AND {earlier}) AS corrected_before,
    max(known_at)
FROM {facts_table(selection.event)} FINAL
WHERE {" AND ".join([*conditions, f"{_DAY} <= {{day:Date32}}"])}
    AND {subject} IN
    (
        SELECT subject
        FROM steps
        WHERE indicator = {{indicator:String}} AND generation = {{generation:UInt64}}
            AND {_INSIDE} AND day <= {{day:Date32}}
        GROUP BY subject, day, bin
        HAVING sum(delta) != 0
    )
GROUP BY agency"""


def _in_batches(count: int, before: int, minimum: int) -> int | None:
    """Of those since `before` the batches that became full; None where none did, and each is not told by itself."""
    full = (told_count(count, minimum) or 0) - (told_count(before, minimum) or 0)
    return full if full or minimum <= 1 else None


def _arrivals_statement(selection: Selection) -> str:
    """Of all revisions: a correction may have changed the very field that is filtered by."""
    subject = subject_column(contract_of(selection.event))
    fitting = [
        f"{name(field)} IN {{filter_{number}:Array(String)}}" for number, field in enumerate(selection.filter)
    ]
    corrects = "revision > 0 OR cancelled"
    return f"""SELECT {_KNOWN_ON} AS known_on, agency,
    uniqExactIf(event_id, NOT ({corrects})) AS late, uniqExactIf(event_id, {corrects}) AS corrected
FROM {facts_table(selection.event)}
WHERE ({" AND ".join(fitting) or "1"} OR {corrects}) AND {_DAY} BETWEEN {{since:Date32}} AND {{day:Date32}}
    AND known_on > {{day:Date32}}
    AND {subject} IN
    (
        SELECT subject
        FROM steps
        WHERE indicator = {{indicator:String}} AND generation = {{generation:UInt64}}
            AND {_INSIDE} AND day <= {{day:Date32}}
    )
GROUP BY known_on, agency"""


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
